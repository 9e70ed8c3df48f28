"""The documentation pages' scripts and styles, served by the application itself.

Finds what `fetch_assets` put beside this module and answers requests for it. No page is made here.

A page asks for an asset with a query on its own address, `?asset=redoc@2.5.4/redoc.standalone.js`.
That needs no further route, so it cannot collide with one; and as the reference is relative, it
holds under any mount, root path or proxy that the page itself is reached through.

Invariant: only files found at start are served, looked up by their whole name; a request's text is
never turned into a path. A name holds its version, so what it stands for never changes (RFC 8246).
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response

from pronghorn._openapi.fetch_assets import DIRECTORY

__all__ = ["Asset", "AssetLibrary", "asset_response", "installed_assets"]

_MEDIA_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}

_ONE_YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    """One script or style.

    Attributes:
        path: the file.
        name: how requests name it: `library@version/file`.
    """

    path: Path
    name: str

    @property
    def media_type(self) -> str:
        """The content type, by the file's suffix."""
        return _MEDIA_TYPES[self.path.suffix]

    @property
    def url(self) -> str:
        """The asset's address relative to the page that uses it."""
        return "?asset=" + quote(self.name, safe="@/")

    @cached_property
    def content(self) -> bytes:
        """The file's bytes, read once."""
        return self.path.read_bytes()

    @cached_property
    def compressed(self) -> bytes:
        """The same, compressed once: some hundred kilobytes instead of megabytes."""
        return gzip.compress(self.content, mtime=0)

    @cached_property
    def digest(self) -> str:
        """What tells this content from any other."""
        return hashlib.sha256(self.content).hexdigest()[:32]


class AssetLibrary:
    """The assets in a directory, by name.

    Args:
        directory: holds `library@version/file`; may be absent.
    """

    def __init__(self, directory: Path) -> None:
        found = sorted(path for path in directory.glob("*@*/*") if path.suffix in _MEDIA_TYPES)
        self._assets = {name: Asset(path, name) for path in found for name in [_name(path)]}

    def get(self, name: str) -> Asset | None:
        """The asset with exactly this name."""
        return self._assets.get(name)

    def find(self, library: str, file: str) -> Asset | None:
        """A library's file in the newest version that is there.

        Args:
            library: the library's name, such as `redoc`.
            file: the file's name, such as `redoc.standalone.js`.
        """
        fits = (name for name in self._assets if name.startswith(f"{library}@") and name.endswith(f"/{file}"))
        return max((self._assets[name] for name in fits), key=_version, default=None)


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _version(asset: Asset) -> tuple[int, ...]:
    """The version in an asset's name, comparable: 5.10 is newer than 5.9."""
    version = asset.path.parent.name.rpartition("@")[2]
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


@cache
def installed_assets() -> AssetLibrary:
    """The assets that this installation of Pronghorn has."""
    return AssetLibrary(DIRECTORY)


async def asset_response(library: AssetLibrary, name: str, headers: Headers) -> Response:
    """Answer a request for an asset.

    Args:
        library: where to look.
        name: the asset's name as it was asked for.
        headers: the request's headers.

    Returns:
        The file, compressed where the client takes gzip; 304 when the client has it already
        (RFC 9110, 13.1.2); 404 when there is no such asset.
    """
    asset = library.get(name)
    if asset is None:
        return PlainTextResponse("Not Found", status_code=404)
    takes_gzip = _takes_gzip(headers.get("accept-encoding", ""))
    # Reading and compressing megabytes takes tens of milliseconds, the first time.
    content = await run_in_threadpool(lambda: asset.compressed if takes_gzip else asset.content)
    # A strong validator names one representation (RFC 9110, 8.8.3).
    tag = f'"{asset.digest}-gzip"' if takes_gzip else f'"{asset.digest}"'
    caching = {"cache-control": _ONE_YEAR, "etag": tag, "vary": "Accept-Encoding"}
    if tag in (part.strip() for part in headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=caching)
    if takes_gzip:
        caching["content-encoding"] = "gzip"
    return Response(content, media_type=asset.media_type, headers=caching)


def _takes_gzip(accept_encoding: str) -> bool:
    """Whether gzip is among the codings that the client names and does not refuse (RFC 9110, 12.5.3)."""
    for coding in accept_encoding.lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
