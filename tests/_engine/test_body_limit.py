from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import body_limit
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from pronghorn._engine.body_limit import (
    AppBodyLimitMiddleware,
    body_limit_error,
    is_limited,
    unlimited,
    wrap_app_with_body_limit,
)

TOO_LARGE: Any = body_limit._RequestBodyTooLarge
SENT: Any = body_limit._RequestBodyLimitResponseSent


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await PlainTextResponse(f"{len(body)} {is_limited(scope)}")(scope, receive, send)


async def echo_in_a_task_group(scope: Scope, receive: Receive, send: Send) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(echo, scope, receive, send)


async def ignore(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("ignored")(scope, receive, send)


def in_pieces(*pieces: bytes) -> Any:
    """A body without a declared length."""
    return iter(pieces)


def post(app: ASGIApp, content: Any) -> tuple[int, str, str]:
    reply = TestClient(app).post("/", content=content)
    return reply.status_code, reply.headers.get("content-type", ""), reply.text


PLAIN = "text/plain; charset=utf-8"
REFUSED = (413, PLAIN, "Content Too Large")


def test_without_a_limit_an_application_is_left_alone() -> None:
    assert wrap_app_with_body_limit(echo, None) is echo
    assert unlimited(echo) is echo
    assert unlimited(wrap_app_with_body_limit(echo, 3)) is echo


@pytest.mark.parametrize("app", [echo, echo_in_a_task_group])
@pytest.mark.parametrize("content", [b"abc", in_pieces(b"a", b"bc")])
def test_a_body_within_the_limit_passes(app: Any, content: Any) -> None:
    content = b"abc" if content == b"abc" else in_pieces(b"a", b"bc")

    assert post(wrap_app_with_body_limit(app, 3), content) == (200, PLAIN, "3 True")


def test_a_declared_length_over_the_limit_is_refused_before_anything_runs() -> None:
    assert post(wrap_app_with_body_limit(ignore, 3), b"abcd") == REFUSED


def test_an_unread_body_of_unknown_length_passes() -> None:
    assert post(wrap_app_with_body_limit(ignore, 3), in_pieces(b"ab", b"cd")) == (200, PLAIN, "ignored")


@pytest.mark.parametrize("app", [echo, echo_in_a_task_group])
def test_a_body_that_grows_over_the_limit_is_refused(app: Any) -> None:
    assert post(wrap_app_with_body_limit(app, 3), in_pieces(b"ab", b"cd")) == REFUSED


@pytest.mark.parametrize(("outer", "inner", "expected"), [(3, 10, "5 True"), (10, 3, "Content Too Large")])
def test_an_inner_limit_replaces_an_outer_one(outer: int, inner: int, expected: str) -> None:
    app = wrap_app_with_body_limit(wrap_app_with_body_limit(echo, inner), outer)

    assert post(app, in_pieces(b"ab", b"cde"))[2] == expected


# --- the application's own


def app_of(endpoint: Any, limit: int | None) -> ASGIApp:
    app = Starlette(routes=[Route("/", endpoint, methods=["POST"])])
    return AppBodyLimitMiddleware(app, max_body_size=limit)


async def read(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


@pytest.mark.parametrize(
    ("limit", "expected"), [(None, (200, PLAIN, "4")), (4, (200, PLAIN, "4")), (3, REFUSED)]
)
def test_an_application_may_have_a_limit(limit: int | None, expected: Any) -> None:
    assert post(app_of(read, limit), in_pieces(b"ab", b"cd")) == expected


# --- the signals


def test_the_signal_is_found_in_groups() -> None:
    signal: Exception = TOO_LARGE()

    assert body_limit_error(signal) is signal
    assert body_limit_error(ExceptionGroup("", [ExceptionGroup("", [signal])])) is signal


def test_the_signal_that_was_answered_goes_first() -> None:
    answered: Exception = SENT()

    assert body_limit_error(ExceptionGroup("", [TOO_LARGE(), answered])) is answered


@pytest.mark.parametrize(
    "error",
    [
        ValueError(),
        HTTPException(413),
        ExceptionGroup("", [ValueError()]),
        ExceptionGroup("", [TOO_LARGE(), ValueError()]),
    ],
)
def test_other_errors_are_no_signal(error: Exception) -> None:
    assert body_limit_error(error) is None


def test_errors_of_task_groups_pass() -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise ExceptionGroup("several", [ValueError("sold out")])

    with pytest.raises(ExceptionGroup, match="several"):
        post(wrap_app_with_body_limit(failing, 3), b"a")


# --- limits hit outside of any route


class Raises:
    """An ASGI application that answers, or not, and then hits a limit."""

    def __init__(self, error: Exception, *, answers: bool) -> None:
        self.error = error
        self.answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.answers:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise self.error


@pytest.mark.anyio
@pytest.mark.parametrize(("answers", "statuses"), [(False, [413]), (True, [200])])
async def test_a_limit_hit_outside_of_routes_is_answered_unless_a_response_has_begun(
    answers: bool, statuses: list[int]
) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    error = TOO_LARGE()
    app = AppBodyLimitMiddleware(Raises(error, answers=answers), max_body_size=None)
    scope = {"type": "http", body_limit.MAX_BODY_SIZE_SCOPE_KEY: 3}

    raised: list[Exception] = []
    try:
        await app(scope, receive, send)
    except Exception as caught:
        raised.append(caught)

    assert [message["status"] for message in sent if "status" in message] == statuses
    assert raised == ([error] if answers else [])


@pytest.mark.anyio
async def test_other_errors_below_a_limit_pass() -> None:
    async def nothing(*_: Any) -> Any: ...

    app = AppBodyLimitMiddleware(Raises(ValueError("sold out"), answers=False), max_body_size=None)

    with pytest.raises(ValueError, match="sold out"):
        await app({"type": "http", body_limit.MAX_BODY_SIZE_SCOPE_KEY: 3}, nothing, nothing)
