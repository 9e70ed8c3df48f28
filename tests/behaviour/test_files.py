"""Files: whole, by ranges, from a directory, through middleware, with a response of one's own."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.middleware import Middleware

from pronghorn import BackgroundTasks, FastAPI, Request
from pronghorn.middleware.gzip import GZipMiddleware
from pronghorn.responses import FileResponse, Response, StreamingResponse
from pronghorn.staticfiles import StaticFiles
from tests.serving import Serve

pytestmark = pytest.mark.anyio

CONTENT = b"".join(b"%8d" % number for number in range(100_000))
NOTES = b"first line, second line"


class Upper(FileResponse):
    """Sends what is in the file in its own way."""

    async def _handle_simple(self, send: Any, send_header_only: bool, send_pathsend: bool) -> None:
        body = Path(self.path).read_bytes().upper()
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": body})


def application(folder: Path, *middleware: Middleware) -> FastAPI:
    app = FastAPI(middleware=middleware)
    done: list[str] = []

    @app.api_route("/large", methods=["GET", "HEAD"])
    async def large() -> FileResponse:
        return FileResponse(folder / "large.bin")

    @app.get("/notes")
    def notes(tasks: BackgroundTasks) -> FileResponse:
        tasks.add_task(done.append, "sent")
        return FileResponse(folder / "notes.txt", filename="notes.txt")

    @app.get("/done")
    async def work_done() -> list[str]:
        return done

    @app.get("/upper")
    async def upper() -> FileResponse:
        return Upper(folder / "notes.txt")

    @app.get("/nowhere")
    async def nowhere() -> FileResponse:
        return FileResponse(folder / "nowhere")

    app.mount("/static", StaticFiles(directory=folder))
    return app


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    (folder / "large.bin").write_bytes(CONTENT)
    (folder / "notes.txt").write_bytes(NOTES)
    return folder


@pytest.fixture(scope="module")
def app(folder: Path) -> FastAPI:
    return application(folder)


@pytest.mark.parametrize("path", ["/large", "/static/large.bin"])
async def test_a_file_is_sent_whole(serve: Serve, app: FastAPI, path: str) -> None:
    async with serve(app) as client:
        response = await client.get(path)
        assert (response.status_code, response.content) == (200, CONTENT)
        assert response.headers["content-length"] == str(len(CONTENT))
        assert response.headers["accept-ranges"] == "bytes"
        head = await client.head(path)
        assert (head.content, head.headers["etag"]) == (b"", response.headers["etag"])
        assert head.headers["content-length"] == str(len(CONTENT))


@pytest.mark.parametrize("path", ["/large", "/static/large.bin"])
@pytest.mark.parametrize(
    ("wanted", "start", "end"), [("0-0", 0, 1), ("5-", 5, None), ("-9", -9, None), ("10-300000", 10, 300_001)]
)
async def test_a_range_of_a_file_is_sent(
    serve: Serve, app: FastAPI, path: str, wanted: str, start: int, end: int | None
) -> None:
    async with serve(app) as client:
        response = await client.get(path, headers={"range": f"bytes={wanted}"})
    assert (response.status_code, response.content) == (206, CONTENT[start:end])


async def test_several_ranges_are_sent_with_a_head_each(serve: Serve, app: FastAPI) -> None:
    async with serve(app) as client:
        response = await client.get("/large", headers={"range": "bytes=0-99999, 200000-299999"})
    kind, _, boundary = response.headers["content-type"].partition("; boundary=")
    first, second, last = response.content.split(f"--{boundary}".encode())[1:]
    assert (response.status_code, kind, last) == (206, "multipart/byteranges", b"--")
    assert first.endswith(b"bytes 0-99999/800000\r\n\r\n" + CONTENT[:100_000] + b"\r\n")
    assert second.endswith(b"bytes 200000-299999/800000\r\n\r\n" + CONTENT[200_000:300_000] + b"\r\n")


async def test_conditions_are_looked_at(serve: Serve, app: FastAPI) -> None:
    async with serve(app) as client:
        etag = (await client.get("/static/notes.txt")).headers["etag"]
        known = await client.get("/static/notes.txt", headers={"if-none-match": etag})
        same = await client.get("/notes", headers={"if-range": etag, "range": "bytes=0-4"})
        other = await client.get("/notes", headers={"if-range": '"other"', "range": "bytes=0-4"})
    assert (known.status_code, known.content) == (304, b"")
    assert (same.status_code, same.content) == (206, NOTES[:5])
    assert (other.status_code, other.content) == (200, NOTES)


@pytest.mark.parametrize(("wanted", "status"), [("bytes=900000-", 416), ("bytes=9-5", 400), ("x", 400)])
async def test_a_range_that_there_is_not_is_refused(
    serve: Serve, app: FastAPI, wanted: str, status: int
) -> None:
    async with serve(app) as client:
        assert (await client.get("/large", headers={"range": wanted})).status_code == status


async def test_background_tasks_follow_a_file(serve: Serve, app: FastAPI) -> None:
    async with serve(app) as client:
        before = (await client.get("/done")).json()
        assert (await client.get("/notes")).content == NOTES
        while (await client.get("/done")).json() == before:
            pass


async def test_a_response_of_ones_own_is_asked(serve: Serve, app: FastAPI) -> None:
    async with serve(app) as client:
        assert (await client.get("/upper")).content == NOTES.upper()


async def test_missing_files_are_told_apart(serve: Serve, app: FastAPI) -> None:
    async with serve(app) as client:
        assert (await client.get("/static/nowhere")).status_code == 404
        outcome = await _status_or_error(client.get("/nowhere"))
    assert outcome == 500 or "does not exist" in str(outcome)


async def _status_or_error(asking: Awaitable[Any]) -> int | str:
    """In process, an error arrives itself."""
    try:
        return int((await asking).status_code)
    except RuntimeError as error:
        return str(error)


async def reverse(request: Request, call_next: Callable[[Request], Awaitable[Any]]) -> Response:
    """Looks at every piece of the body."""
    response = await call_next(request)

    async def pieces() -> AsyncIterator[bytes]:
        async for piece in response.body_iterator:
            yield bytes(piece).replace(b"1", b"I")

    return StreamingResponse(pieces(), response.status_code, media_type="text/x-changed")


class Shouting:
    """ASGI middleware that changes every piece of the body."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def changing(message: Any) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": message.get("body", b"").replace(b"1", b"I")}
            await send(message)

        await self.app(scope, receive, changing if scope["type"] == "http" else send)


@pytest.mark.parametrize("path", ["/large", "/static/large.bin"])
async def test_middleware_sees_the_pieces_of_a_file(serve: Serve, folder: Path, path: str) -> None:
    functions = application(folder)
    functions.middleware("http")(reverse)
    for app in (functions, application(folder, Middleware(Shouting))):
        async with serve(app) as client:
            assert (await client.get(path)).content == CONTENT.replace(b"1", b"I")


@pytest.mark.parametrize("path", ["/large", "/static/large.bin"])
async def test_files_are_compressed(serve: Serve, folder: Path, path: str) -> None:
    async with serve(application(folder, Middleware(GZipMiddleware))) as client:
        async with client.stream("GET", path, headers={"accept-encoding": "gzip"}) as response:
            raw = b"".join([piece async for piece in response.aiter_raw()])
        assert response.headers["content-encoding"] == "gzip"
        assert gzip.decompress(raw) == CONTENT
