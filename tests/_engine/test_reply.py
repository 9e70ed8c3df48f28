from pathlib import Path

import pytest
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from pronghorn._engine.reply import Reply, is_plain_response


def test_a_reply_with_a_media_type_gets_its_length() -> None:
    reply = Reply(200, b"body", b"text/plain", [(b"x-a", b"1")])

    assert reply.raw_headers() == [
        (b"content-length", b"4"),
        (b"content-type", b"text/plain"),
        (b"x-a", b"1"),
    ]


def test_a_reply_without_one_has_all_its_headers() -> None:
    reply = Reply(204, b"", headers=((b"x-a", b"1"),))

    assert reply.raw_headers() == [(b"x-a", b"1")]
    assert reply.after is None


class OwnCall(Response):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__(scope, receive, send)


class OwnBody(Response):
    def render(self, content: object) -> bytes:
        return b"rendered"


@pytest.mark.parametrize("response", [Response(), JSONResponse({}), OwnBody()])
def test_a_response_with_its_whole_body_can_be_a_reply(response: Response) -> None:
    assert is_plain_response(response)


def memory(response: Response) -> Response:
    response.body = memoryview(b"body")
    return response


@pytest.mark.parametrize(
    "response",
    [OwnCall(), StreamingResponse(iter([b""])), FileResponse(Path(__file__)), memory(Response())],
)
def test_a_response_that_is_sent_in_its_own_way_cannot(response: Response) -> None:
    assert not is_plain_response(response)
