import json
from typing import Any

import pytest
from starlette.requests import Request
from starlette.websockets import WebSocket

from pronghorn._engine.exception_handlers import close_reason
from pronghorn.exception_handlers import (
    http_exception_handler,
    request_validation_exception_handler,
    websocket_request_validation_exception_handler,
)
from pronghorn.exceptions import HTTPException, RequestValidationError, WebSocketRequestValidationError

pytestmark = pytest.mark.anyio

REQUEST = Request({"type": "http"})
ERRORS = [{"type": "missing", "loc": ("query", "q"), "msg": "Field required", "input": None}]


@pytest.mark.parametrize("detail", ["sold out", {"reason": "sold out"}, ["a", 1], None])
async def test_an_http_exception_is_its_detail_as_json(detail: Any) -> None:
    error = HTTPException(418, detail=detail, headers={"X-Pot": "tea"})

    response = await http_exception_handler(REQUEST, error)

    assert (response.status_code, response.headers["x-pot"]) == (418, "tea")
    assert json.loads(bytes(response.body)) == {"detail": "I'm a Teapot" if detail is None else detail}


@pytest.mark.parametrize("status", [204, 205, 304])
async def test_a_status_without_a_body_has_none(status: int) -> None:
    response = await http_exception_handler(REQUEST, HTTPException(status, headers={"X-Pot": "tea"}))

    assert (response.status_code, response.body, response.headers["x-pot"]) == (status, b"", "tea")


async def test_what_was_wrong_with_a_request_is_listed() -> None:
    response = await request_validation_exception_handler(REQUEST, RequestValidationError(ERRORS))

    assert response.status_code == 422
    assert json.loads(bytes(response.body)) == {
        "detail": [{"type": "missing", "loc": ["query", "q"], "msg": "Field required", "input": None}]
    }


@pytest.mark.parametrize("sent", [float("nan"), float("inf"), [1.5, float("-inf")]])
async def test_numbers_that_json_lacks_do_not_break_the_list(sent: Any) -> None:
    errors = [{**ERRORS[0], "input": {"price": sent}}]

    response = await request_validation_exception_handler(REQUEST, RequestValidationError(errors))

    price = json.loads(bytes(response.body))["detail"][0]["input"]["price"]
    assert price == ([1.5, None] if isinstance(sent, list) else None)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"caf\xc3\xa9", "café"),
        (b"a\xcd", "a\\xcd"),
        ("a\ud800", "a\\ud800"),
        ({"k\udfff": [{"v": "\ud800"}, 1, None]}, {"k\\udfff": [{"v": "\\ud800"}, 1, None]}),
    ],
)
async def test_text_that_json_lacks_does_not_break_the_list(sent: Any, told: Any) -> None:
    error = RequestValidationError([{**ERRORS[0], "input": sent}])
    response = await request_validation_exception_handler(REQUEST, error)
    assert json.loads(bytes(response.body))["detail"][0]["input"] == told


async def test_what_was_wrong_with_a_web_socket_is_the_reason_for_closing() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    websocket = WebSocket({"type": "websocket"}, receive=receive, send=send)
    await websocket.accept()
    await websocket_request_validation_exception_handler(websocket, WebSocketRequestValidationError(ERRORS))

    assert sent[1:] == [
        {
            "type": "websocket.close",
            "code": 1008,
            "reason": "query.q: Field required",
        }
    ]


def test_a_reason_for_closing_fits_into_a_frame() -> None:
    errors = [{"loc": ("query", "é" * 10, number), "msg": "Field required"} for number in range(9)]

    reason = close_reason(errors)

    assert reason.startswith("query.éééééééééé.0: Field required; query.éééééééééé.1: Field required; ")
    assert reason.endswith("…")
    assert len(reason.encode()) in (121, 122, 123)


def test_a_reason_for_closing_is_always_utf8() -> None:
    assert close_reason([{"loc": ("query", "\ud800"), "msg": "No"}]) == "query.?: No"
