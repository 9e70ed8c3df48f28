"""What functions around requests are handed is, as far as they can tell, what `BaseHTTPMiddleware` hands over."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.datastructures import MutableHeaders
from starlette.middleware.base import _CachedRequest, _StreamingResponse
from starlette.requests import empty_receive, empty_send

from pronghorn._engine.middleware.handover import PassedHeaders, PassedResponse, passed_on, request_for
from pronghorn._engine.middleware.passing import StreamedReply
from pronghorn._engine.reply import Reply

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def test_a_request_has_all_that_starlettes_has() -> None:
    scope = {"type": "http", "state": {}}
    expected = _CachedRequest(scope, empty_receive, empty_send)
    request = request_for(scope, empty_receive, empty_send)

    assert isinstance(request, _CachedRequest)
    for name, value in vars(expected).items():
        assert getattr(request, name) == value
        assert isinstance(value, (bool, type(None))) or value in (scope, empty_receive, empty_send), name
    request.state.user = "me"
    assert scope["state"] == {"user": "me"}


async def test_a_request_keeps_its_body_for_itself() -> None:
    async def receive() -> Any:
        return {"type": "http.request", "body": b"body", "more_body": False}

    one, other = (request_for({"type": "http"}, receive, empty_send) for _ in range(2))

    assert await one.body() == b"body"
    assert (one._stream_consumed, other._stream_consumed) == (True, False)
    assert await one.wrapped_receive() == await other.wrapped_receive()


def passed() -> PassedResponse:
    return passed_on(Reply(201, b"body", b"text/plain", [(b"x-one", b"1")]))


async def _body() -> AsyncIterator[bytes]:
    yield b"body"


def test_a_response_has_all_that_starlettes_has() -> None:
    expected = _StreamingResponse(_body(), 201)
    expected.raw_headers = [(b"content-length", b"4"), (b"content-type", b"text/plain"), (b"x-one", b"1")]
    response = passed()

    for name in vars(expected).keys() - {"body_iterator"}:
        assert getattr(response, name) == getattr(expected, name)
    assert response.headers == expected.headers
    response.set_cookie("a", "b")
    assert response.raw_headers[-1][0] == b"set-cookie"


@pytest.mark.parametrize("key", ["x-new", "X-One", "x-two", "Content-Type"])
def test_headers_are_set_as_starlettes_are(key: str) -> None:
    raw = [(b"content-type", b"text/plain"), (b"x-one", b"1"), (b"x-two", b"2"), (b"x-one", b"3")]
    expected, headers = MutableHeaders(raw=raw[:]), PassedHeaders(raw[:])
    for each in (expected, headers):
        each[key] = "new"
        each["x-again"] = "1"
        each["x-again"] = "2"

    assert (headers.raw, repr(headers), headers) == (expected.raw, repr(expected), expected)
    with pytest.raises(UnicodeEncodeError):
        headers["x-text"] = "\N{SNOWMAN}"
    with pytest.raises(AttributeError):
        headers["x-number"] = 1  # type: ignore[assignment]
    assert headers.raw == expected.raw


def test_headers_are_those_that_are_sent() -> None:
    response = passed()
    response.headers["x-two"] = "2"

    assert response.headers is response.headers
    assert response.raw_headers[-1] == (b"x-two", b"2")


async def messages_of(response: Any) -> list[Any]:
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    await response({"type": "http"}, empty_receive, send)
    return messages


async def test_a_response_that_sends_itself_sends_a_stream() -> None:
    response = passed()
    expected = _StreamingResponse(_body(), 201)
    expected.raw_headers = list(response.raw_headers)

    assert await messages_of(response) == await messages_of(expected)
    assert [piece async for piece in response.body_iterator] == []


def test_a_response_that_nobody_has_read_is_the_reply_again() -> None:
    response = passed()
    assert response.body_iterator is response.body_iterator
    response.status_code = 202
    response.headers["x-two"] = "2"
    reply = response.as_reply()

    assert type(reply) is StreamedReply
    assert (reply.status, reply.body, reply.media_type) == (202, b"body", b"text/plain")
    assert list(reply.headers) == [(b"x-one", b"1"), (b"x-two", b"2")]


def test_headers_that_were_changed_are_written_as_they_are() -> None:
    response = passed()
    response.headers["content-length"] = "9"
    reply = response.as_reply()

    assert reply is not None
    assert reply.media_type is None
    assert (b"content-length", b"9") in reply.headers


async def test_a_body_that_was_read_or_replaced_is_no_reply() -> None:
    read, replaced = passed(), passed()
    assert [piece async for piece in read.body_iterator] == [b"body"]
    replaced.body_iterator = _body()

    assert (read.as_reply(), replaced.as_reply()) == (None, None)
    assert [piece async for piece in replaced.body_iterator] == [b"body"]
