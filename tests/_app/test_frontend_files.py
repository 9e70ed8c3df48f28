import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.types import Scope

from pronghorn._app.frontend_files import Fallback, FrontendFiles, accepts_html, resolve_check_dir

HTML = [(b"accept", b"text/html")]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(*names: str) -> Path:
        for name in names:
            path = tmp_path / "dist" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        (tmp_path / "dist").mkdir(exist_ok=True)
        return tmp_path / "dist"

    return write


def files(directory: Path, fallback: Fallback = "auto", check_dir: bool = True) -> FrontendFiles:
    return FrontendFiles(directory=directory, fallback=fallback, check_dir=check_dir)


def scope(path: str = "/", **values: Any) -> Scope:
    return {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "server": ("shop.example", 80),
        "path": path,
        "query_string": b"",
        "headers": [],
        **values,
    }


async def answer(frontend: FrontendFiles, path: str, **values: Any) -> Response:
    return await frontend.answer(path.lstrip("/"), scope(path, **values))


async def refusal(frontend: FrontendFiles, path: str, **values: Any) -> int:
    with pytest.raises(HTTPException) as caught:
        await answer(frontend, path, **values)
    return caught.value.status_code


def served(response: Response) -> tuple[int, str]:
    assert isinstance(response, FileResponse)
    return response.status_code, Path(response.path).read_text()


@pytest.mark.anyio
async def test_a_file_is_served(write: Write) -> None:
    frontend = files(write("assets/app.js"))
    assert served(await answer(frontend, "/assets/app.js")) == (200, "assets/app.js")
    assert served(await answer(frontend, "/assets//app.js")) == (200, "assets/app.js")
    assert served(await answer(frontend, "/assets/app.js", method="HEAD")) == (200, "assets/app.js")


@pytest.mark.anyio
async def test_a_file_the_client_has_is_not_sent_again(write: Write) -> None:
    frontend = files(write("app.js"))
    etag = (await answer(frontend, "/app.js")).headers["etag"]
    response = await answer(frontend, "/app.js", headers=[(b"if-none-match", etag.encode())])
    assert response.status_code == 304


@pytest.mark.anyio
async def test_a_directory_is_its_index(write: Write) -> None:
    frontend = files(write("index.html", "about/index.html"))
    assert served(await answer(frontend, "/")) == (200, "index.html")
    assert served(await answer(frontend, "/about/")) == (200, "about/index.html")


@pytest.mark.anyio
async def test_a_directory_without_its_slash_is_redirected_to(write: Write) -> None:
    response = await answer(files(write("about/index.html")), "/about")
    assert isinstance(response, RedirectResponse)
    assert response.status_code == 307
    assert response.headers["location"] == "http://shop.example/about/"


@pytest.mark.anyio
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_a_method_that_does_not_read_is_refused(write: Write, method: str) -> None:
    frontend = files(write("index.html", "app.js", "empty/x"))
    assert await refusal(frontend, "/app.js", method=method) == 405
    assert await refusal(frontend, "/", method=method) == 405
    assert await refusal(frontend, "/empty/", method=method) == 404
    assert await refusal(frontend, "/missing", method=method, headers=HTML) == 404


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("fallback", "names", "headers", "expected"),
    [
        ("auto", ["404.html", "index.html"], HTML, (404, "404.html")),
        ("auto", ["404.html", "index.html"], [], (404, "404.html")),
        ("auto", ["index.html"], HTML, (200, "index.html")),
        ("auto", ["index.html"], [], None),
        ("auto", [], HTML, None),
        ("404.html", ["404.html", "index.html"], [], (404, "404.html")),
        ("index.html", ["404.html", "index.html"], HTML, (200, "index.html")),
        ("index.html", ["404.html", "index.html"], [(b"accept", b"*/*")], None),
        (None, ["404.html", "index.html"], HTML, None),
    ],
)
async def test_the_fallback_answers_a_path_that_is_no_file(
    write: Write,
    fallback: Fallback,
    names: list[str],
    headers: list[tuple[bytes, bytes]],
    expected: tuple[int, str] | None,
) -> None:
    frontend = files(write(*names), fallback)
    if expected is None:
        assert await refusal(frontend, "/dashboard", headers=headers) == 404
    else:
        assert served(await answer(frontend, "/dashboard", headers=headers)) == expected


@pytest.mark.anyio
@pytest.mark.parametrize("fallback", ["404.html", "index.html"])
async def test_a_fallback_that_is_gone_is_named(write: Write, fallback: Fallback) -> None:
    directory = write()
    with pytest.raises(
        RuntimeError, match=f"fallback file '{fallback}' does not exist in directory '{directory}'"
    ):
        files(directory, fallback)
    with pytest.raises(
        RuntimeError, match=f"fallback file '{fallback}' does not exist in directory '{directory}'"
    ):
        await answer(files(directory, fallback, check_dir=False), "/missing", headers=HTML)


@pytest.mark.anyio
async def test_a_fallback_that_is_a_directory_is_none(write: Write) -> None:
    assert await refusal(files(write("404.html/x")), "/missing") == 404


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["../secret.txt", "/etc/hostname", "..\\secret.txt", "a/../../secret.txt"])
async def test_nothing_outside_the_directory_is_served(write: Write, tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    frontend = files(write("a/x"))
    assert await refusal(frontend, path) == 404


@pytest.mark.anyio
async def test_a_link_out_of_the_directory_is_not_followed(write: Write, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    directory = write()
    os.symlink(secret, directory / "link.txt")
    assert await refusal(files(directory), "/link.txt") == 404


@pytest.mark.anyio
async def test_what_is_neither_file_nor_directory_is_not_served(write: Write) -> None:
    directory = write()
    os.mkfifo(directory / "pipe")
    assert await refusal(files(directory), "/pipe") == 404


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "status"), [("/nul\x00byte", 404), (f"/{'n' * 300}", 404), (f"/{'n/' * 3000}", 404)]
)
async def test_a_path_that_no_file_can_have_is_missing(write: Write, path: str, status: int) -> None:
    assert await refusal(files(write(), None), path) == status


@pytest.mark.anyio
async def test_a_file_that_may_not_be_read_is_unauthorized(
    monkeypatch: pytest.MonkeyPatch, write: Write
) -> None:
    frontend = files(write())

    def refuse(path: str) -> Any:
        raise PermissionError

    monkeypatch.setattr(frontend, "lookup_path", refuse)
    assert await refusal(frontend, "/private.txt") == 401


@pytest.mark.anyio
async def test_any_other_failure_of_the_disk_is_an_error(
    monkeypatch: pytest.MonkeyPatch, write: Write
) -> None:
    frontend = files(write())

    def fail(path: str) -> Any:
        raise OSError(errno.EIO, "failed")

    monkeypatch.setattr(frontend, "lookup_path", fail)
    with pytest.raises(OSError, match="failed"):
        await answer(frontend, "/app.js")


@pytest.mark.anyio
async def test_an_unchecked_directory_is_checked_at_the_first_request(tmp_path: Path) -> None:
    directory = tmp_path / "dist"
    frontend = files(directory, check_dir=False)
    with pytest.raises(RuntimeError, match="does not exist"):
        await answer(frontend, "/")
    directory.mkdir()
    assert await refusal(frontend, "/") == 404
    assert await refusal(frontend, "/") == 404


def test_a_missing_directory_is_named_with_its_absolute_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    expected = f"Frontend directory 'dist' does not exist. Resolved absolute path: '{tmp_path / 'dist'}'"
    with pytest.raises(RuntimeError) as caught:
        FrontendFiles(directory="dist", fallback="auto", check_dir=True)
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/html", True),
        ("Text/HTML", True),
        ("application/xhtml+xml", True),
        ("application/json, text/html;charset=utf-8; q=0.8", True),
        ("text/html; Q=0.1", True),
        ("text/html; q=wat", True),
        ('text/html; q="0"', False),
        ("text/html; q=0.0", False),
        ("text/html; q=0, */*; q=1", False),
        ("*/*", False),
        ("text/*", False),
        ("text/css", False),
        ("", False),
    ],
)
def test_only_html_by_its_name_is_a_navigation(accept: str, expected: bool) -> None:
    assert accepts_html(accept) is expected


def test_a_directory_is_checked_outside_development(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("FASTAPI_ENV", raising=False)
    assert resolve_check_dir(tmp_path / "missing", "auto") is True
    assert resolve_check_dir(tmp_path / "missing", False) is False


def test_a_missing_directory_is_a_warning_in_development(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FASTAPI_ENV", "development")
    assert resolve_check_dir(tmp_path, "auto") is False
    assert resolve_check_dir(tmp_path / "missing", True) is True
    with pytest.warns(UserWarning, match="does not exist") as warned:
        assert resolve_check_dir(tmp_path / "missing", "auto", stacklevel=2) is False
    assert warned[0].filename == __file__
