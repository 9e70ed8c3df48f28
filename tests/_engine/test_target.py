from typing import Any

import pytest

from pronghorn import FastAPI, Form
from pronghorn._app.fast import FastApplication
from pronghorn._engine.target import Target
from tests.differential.outcomes import Asked
from tests.differential.ways import MemoryExchange


async def endpoint() -> None: ...
async def with_form(a: str = Form()) -> None: ...


def target_of(call: Any, limit: int | None = None) -> Target:
    app = FastAPI(openapi_url=None)
    app.add_api_route("/", call, methods=["POST"], max_body_size=limit)
    ((_, _, target),) = FastApplication(app).targets()
    assert target is not None
    return target


def test_a_plan_is_compiled_once() -> None:
    target = target_of(endpoint)

    assert target.compile() is not None
    assert target.compile() is target.plan
    assert target.title == "POST /"


def test_there_may_be_no_plan() -> None:
    target = target_of(with_form)

    assert target.compile() is None
    assert target.plan is None


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("limit", "length", "body", "expected"),
    [
        (None, b"9", b"", True),
        (2, b"2", b"", True),
        (2, b"3", b"", False),
        (2, b"-1", b"", False),
        (2, None, b"12", True),
        (2, None, b"123", False),
        (2, None, None, False),
    ],
)
async def test_a_body_keeps_the_limit_if_that_is_known(
    limit: int | None, length: bytes | None, body: bytes | None, expected: bool
) -> None:
    headers = ((b"host", b"test"),) + (() if length is None else ((b"content-length", length),))
    x = MemoryExchange(Asked("POST", headers=headers, body=body or b""), arrived=body is not None)

    assert target_of(endpoint, limit).within_limit(x) is expected
