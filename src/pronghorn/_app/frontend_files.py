"""The files of one frontend: what is served for a path, a missing path and a client-side route.

Knows a directory and a scope, nothing of routes and dependencies. Invariant: nothing outside the directory is
served (Starlette's `StaticFiles.lookup_path` sees to that, symbolic links included), and every look at the
disk is taken in a worker thread.
"""

import errno
import os
import stat
import warnings
from collections.abc import Iterator
from typing import Literal, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import URL, Headers
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

Directory = str | os.PathLike[str]
Fallback = Literal["auto", "index.html", "404.html"] | None
CheckDir = bool | Literal["auto"]

READING_METHODS = frozenset({"GET", "HEAD"})
FALLBACKS = ("auto", "index.html", "404.html", None)

_INDEX = "index.html"
_NOT_FOUND = "404.html"
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})


class Found(NamedTuple):
    """A file that answers a path."""

    path: str
    status: os.stat_result
    is_index: bool
    """Whether the path named the directory that the file is the index of."""


def resolve_check_dir(directory: Directory, check_dir: CheckDir, stacklevel: int = 3) -> bool:
    """Whether a frontend's directory has to exist when it is declared.

    `"auto"` asks for it, except while developing (`FASTAPI_ENV=development`), when the frontend may not have
    been built yet and a missing directory is a warning.

    Args:
        directory: the directory to serve.
        check_dir: what the application asked for.
        stacklevel: whose line the warning names; the default is the caller of the caller.
    """
    if check_dir != "auto":
        return check_dir
    if os.environ.get("FASTAPI_ENV") != "development":
        return True
    if not os.path.isdir(directory):
        warnings.warn(_missing_directory(directory), stacklevel=stacklevel)
    return False


class FrontendFiles(StaticFiles):
    """A built frontend in a directory.

    Args:
        directory: where it lies.
        fallback: what answers a path that is no file: `404.html`; `index.html`, for clients that navigate;
            `"auto"`, whichever there is, `404.html` first; or `None`, neither.
        check_dir: whether the directory, and the fallback named, have to exist now.

    Raises:
        RuntimeError: they do not.
    """

    def __init__(self, *, directory: Directory, fallback: Fallback, check_dir: bool) -> None:
        if check_dir and not os.path.isdir(directory):
            raise RuntimeError(_missing_directory(directory))
        super().__init__(directory=directory, html=True, check_dir=check_dir)
        self.fallback = fallback
        if check_dir and fallback in (_INDEX, _NOT_FOUND):
            self._require_file(fallback)

    async def answer(self, path: str, scope: Scope) -> Response:
        """The response for a path below the frontend.

        Args:
            path: the path, without the frontend's own and without a leading slash.
            scope: the ASGI scope: its method and headers decide too.

        Raises:
            HTTPException: 404; 405 for a method other than GET and HEAD where there is a file; 401 for a file
                that the process may not read.
        """
        if not self.config_checked:
            await self.check_config()
            self.config_checked = True
        found = await run_in_threadpool(self._find, path)
        if scope["method"] not in READING_METHODS:
            raise HTTPException(404 if found is None else 405)
        if found is None:
            return await self._fall_back(scope)
        if found.is_index and not scope["path"].endswith("/"):
            url = URL(scope=scope)
            return RedirectResponse(url.replace(path=f"{url.path}/"))
        return self.file_response(found.path, found.status, scope)

    def _find(self, path: str) -> Found | None:
        path = os.path.normpath(os.path.join(*path.split("/")))
        try:
            full_path, status = self.lookup_path(path)
            if status is None:
                return None
            if stat.S_ISDIR(status.st_mode):
                return self._find_file(os.path.join(path, _INDEX), is_index=True)
            return Found(full_path, status, is_index=False) if stat.S_ISREG(status.st_mode) else None
        except PermissionError:
            raise HTTPException(401) from None
        except ValueError:  # a NUL in the path
            raise HTTPException(404) from None
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                raise HTTPException(404) from None
            raise

    def _find_file(self, path: str, is_index: bool = False) -> Found | None:
        full_path, status = self.lookup_path(path)
        if status is None or not stat.S_ISREG(status.st_mode):
            return None
        return Found(full_path, status, is_index)

    async def _fall_back(self, scope: Scope) -> Response:
        not_found, index = await run_in_threadpool(self._find_fallbacks)
        if not_found is not None:
            return self.file_response(not_found.path, not_found.status, scope, status_code=404)
        if self.fallback == _NOT_FOUND:
            raise RuntimeError(self._missing_file(_NOT_FOUND))
        if self.fallback in (_INDEX, "auto") and accepts_html(Headers(scope=scope).get("accept", "")):
            if index is not None:
                return self.file_response(index.path, index.status, scope)
            if self.fallback == _INDEX:
                raise RuntimeError(self._missing_file(_INDEX))
        raise HTTPException(404)

    def _find_fallbacks(self) -> tuple[Found | None, Found | None]:
        not_found = self._find_file(_NOT_FOUND) if self.fallback in (_NOT_FOUND, "auto") else None
        index = self._find_file(_INDEX) if self.fallback in (_INDEX, "auto") else None
        return not_found, index

    def _require_file(self, name: str) -> None:
        if self._find_file(name) is None:
            raise RuntimeError(self._missing_file(name))

    def _missing_file(self, name: str) -> str:
        return (
            f"Frontend fallback file '{name}' does not exist in directory '{self.directory}'. "
            f"Resolved absolute directory: '{os.path.realpath(str(self.directory))}'"
        )


def accepts_html(accept: str) -> bool:
    """Whether an `Accept` header names HTML itself, as navigating browsers do and scripts do not.

    A range such as `*/*` does not count, nor does HTML with a quality of zero (RFC 9110, 12.5.1).

    >>> accepts_html("text/html, */*;q=0.8")
    True
    >>> accepts_html("text/html;q=0, */*")
    False
    """
    return any(name in _HTML_TYPES and quality != 0 for name, quality in _media_ranges(accept))


def _media_ranges(accept: str) -> Iterator[tuple[str, float]]:
    for media_range in accept.split(","):
        name, *parameters = (part.strip().lower() for part in media_range.split(";"))
        yield name, _quality(parameters)


def _quality(parameters: list[str]) -> float:
    """The `q` among parameters; 1 when there is none or it is no number."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value.strip().strip('"'))
            except ValueError:
                break
    return 1.0


def _missing_directory(directory: Directory) -> str:
    return (
        f"Frontend directory '{directory}' does not exist. "
        f"Resolved absolute path: '{os.path.realpath(os.fspath(directory))}'"
    )
