"""Files are sent as Starlette's response sends them, whatever is asked for."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from pronghorn._engine import files
from pronghorn._engine.files import SMALL, FileSender, is_plain_file, sender_of
from pronghorn._engine.reply import FileReply

pytestmark = pytest.mark.anyio

CONTENT = bytes(number * 7 % 256 for number in range(SMALL * 10))
SMALL_CONTENT = CONTENT[:1000]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    (folder / "large").write_bytes(CONTENT)
    (folder / "small").write_bytes(SMALL_CONTENT)
    (folder / "empty").write_bytes(b"")
    return folder


def scope_of(method: str = "GET", spec_version: str = "2.3", **fields: str) -> dict[str, Any]:
    headers = [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
    return {"type": "http", "method": method, "headers": headers, "asgi": {"spec_version": spec_version}}


async def _stays() -> Any:
    await asyncio.Event().wait()


async def sent(app: Any, scope: dict[str, Any], receive: Any = _stays) -> tuple[Any, ...]:
    """Status, headers and body of what an application sends, or what it raises."""
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    try:
        await app(scope, receive, send)
    except RuntimeError as error:
        return (type(error), str(error))
    start, *bodies = messages
    assert start["type"] == "http.response.start"
    assert [message.get("more_body", False) for message in bodies] == [True] * (len(bodies) - 1) + [False]
    body = b"".join(message["body"] for message in bodies)
    boundary = re.search(rb"boundary=(\w+)", dict(start["headers"])[b"content-type"])
    if boundary is not None:  # made up anew each time
        body = body.replace(boundary[1], b"x" * len(boundary[1]))
        start["headers"] = [(k, v.replace(boundary[1], b"")) for k, v in start["headers"]]
    return (start["status"], start["headers"], body)


RANGES = [
    "bytes=0-0",
    "bytes=5-",
    "bytes=-5",
    "bytes=10-70000",
    "bytes=0-9, 20-29",
    "bytes=0-70000,100000-200000, 300000-",
    "bytes=20-29,0-25",
    "bytes=999999999-",
    "bytes=9-5",
    "lines=1-2",
    "bytes=",
    "bytes",
    "bytes=a-b",
    "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 400, 2)),
]


async def assert_same(folder: Path, name: str, scope: dict[str, Any], **options: Any) -> None:
    path = folder / name
    if options.pop("examined", False):
        options["stat_result"] = os.stat(path)
    expected = await sent(FileResponse(path, **options), dict(scope))
    sender = sender_of(FileResponse(path, **options))
    assert isinstance(sender, FileSender)
    assert expected == await sent(sender, dict(scope))


@pytest.mark.parametrize("wanted", RANGES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("name", ["large", "small", "empty"])
async def test_ranges_are_sent_as_starlette_sends_them(
    folder: Path, name: str, method: str, wanted: str
) -> None:
    await assert_same(folder, name, scope_of(method, range=wanted))


numbers = st.integers(0, 1200)
specs = st.one_of(
    st.tuples(numbers, numbers).map(lambda pair: f"{pair[0]}-{pair[1]}"),
    numbers.map(lambda number: f"{number}-"),
    numbers.map(lambda number: f"-{number}"),
    st.text("0123456789-, x", max_size=6),
)


@settings(max_examples=150, deadline=None)
@given(wanted=st.lists(specs, min_size=1, max_size=5).map(",".join))
def test_any_ranges_are_sent_as_starlette_sends_them(folder: Path, wanted: str) -> None:
    asyncio.run(assert_same(folder, "small", scope_of(range=f"bytes={wanted}")))


@pytest.mark.parametrize("name", ["large", "small", "empty", "nowhere", "."])
@pytest.mark.parametrize("spec_version", ["2.0", "2.3", "2.4"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_whole_files_are_sent_as_starlette_sends_them(
    folder: Path, name: str, spec_version: str, method: str
) -> None:
    await assert_same(folder, name, scope_of(method, spec_version), filename="é.txt", media_type="text/x")


@pytest.mark.parametrize("examined", [True, False])
@pytest.mark.parametrize("status_code", [200, 201, 404])
async def test_a_response_that_knows_its_file_is_sent_as_it_is(
    folder: Path, examined: bool, status_code: int
) -> None:
    scope = scope_of(range="bytes=1-3")
    await assert_same(folder, "small", scope, examined=examined, status_code=status_code)


@pytest.mark.parametrize("condition", ["etag", "last-modified", "W/weak", '"other"'])
async def test_a_condition_on_a_range_is_kept(folder: Path, condition: str) -> None:
    known = FileResponse(folder / "small", stat_result=os.stat(folder / "small")).headers
    value = known.get(condition, condition)
    await assert_same(folder, "small", scope_of(range="bytes=1-3", if_range=value))


@pytest.mark.parametrize("wanted", ["bytes=0-3", "bytes=9999-", "lines=1"])
async def test_background_work_follows_as_with_starlette(folder: Path, wanted: str) -> None:
    done: list[str] = []
    for way in (FileSender, lambda response: response):
        background = BackgroundTask(done.append, wanted)
        response = FileResponse(folder / "small", background=background)
        await sent(way(response), scope_of(range=wanted))
    assert len(done) == (2 if wanted == "bytes=0-3" else 0)


async def test_what_is_not_in_memory_is_read_in_a_thread(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "is_cached", lambda *_: False)
    await assert_same(folder, "large", scope_of(range="bytes=0-70000,100000-400000"))


@pytest.mark.parametrize("spec_version", ["2.3", "2.4"])
async def test_a_file_that_shrinks_is_an_error(tmp_path: Path, spec_version: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    response = FileResponse(path, stat_result=os.stat(path))
    path.write_bytes(CONTENT[:100])
    kind, words = await sent(sender_of(response), scope_of(spec_version=spec_version))
    assert kind is RuntimeError
    assert "shorter than it was" in words


async def test_a_small_file_that_shrinks_is_an_error_before_the_response_begins(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(SMALL_CONTENT)
    response = FileResponse(path, stat_result=os.stat(path))
    path.write_bytes(b"")
    kind, _ = await sent(sender_of(response), scope_of())
    assert kind is RuntimeError


async def test_nothing_is_read_for_a_peer_that_has_left(folder: Path) -> None:
    read: list[int] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        read.append(len(message.get("body", b"")))
        await asyncio.sleep(0)

    done: list[str] = []
    response = FileResponse(folder / "large", background=BackgroundTask(done.append, "done"))
    await sender_of(response)(scope_of(), receive, send)
    assert sum(read) < len(CONTENT)
    assert done == ["done"]


class Recoded(FileResponse):
    chunk_size = 10


class Counted(FileResponse):
    async def _handle_simple(self, send: Any, send_header_only: bool, send_pathsend: bool) -> None:
        await super()._handle_simple(send, send_header_only, send_pathsend)


class Named(FileResponse):
    """Adds what is not about sending."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, headers={"x-name": path.name})


async def test_a_response_with_a_way_of_its_own_is_left_to_it(folder: Path) -> None:
    path = folder / "small"
    changed = FileResponse(path)
    vars(changed)["chunk_size"] = 10
    for response in (Recoded(path), Counted(path), changed, Response(b"")):
        assert sender_of(response) is response
    assert is_plain_file(Named(path))
    assert b"x-name" in dict((await sent(sender_of(Named(path)), scope_of()))[1])


async def test_a_server_that_takes_paths_gets_one(folder: Path) -> None:
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    scope = scope_of() | {"extensions": {"http.response.pathsend": {}}}
    await sender_of(FileResponse(folder / "large"))(scope, _stays, send)
    assert [message["type"] for message in messages] == ["http.response.start", "http.response.pathsend"]


@pytest.mark.parametrize(
    ("headers", "is_whole"),
    [
        ([(b"content-length", b"7")], True),
        ([(b"content-length", b"8")], False),
        ([(b"content-length", b"7"), (b"content-length", b"7")], False),
        ([(b"content-length", b"7"), (b"transfer-encoding", b"chunked")], False),
        ([], False),
    ],
)
def test_a_reply_knows_whether_its_headers_announce_it(
    headers: list[tuple[bytes, bytes]], is_whole: bool
) -> None:
    assert FileReply(200, headers, -1, [b"ab", (5, 10)]).is_whole() is is_whole
