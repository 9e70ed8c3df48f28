"""asgi-correlation-id: one id for a request in its headers, in log lines and in what the endpoint sees."""

import logging
from uuid import UUID

import pytest
from asgi_correlation_id import CorrelationIdFilter, CorrelationIdMiddleware, correlation_id
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient

GIVEN = "7f2f0d6ac0c14f6ab4b1b9b0c0e1d2f3"
logger = logging.getLogger("shop")


@pytest.fixture
def in_background() -> list[str | None]:
    return []


@pytest.fixture
def client(in_background: list[str | None]) -> TestClient:
    app = FastAPI()
    app.add_middleware(CorrelationIdMiddleware, header_name="X-Request-ID", update_request_header=True)

    async def from_dependency() -> str | None:
        return correlation_id.get()

    def from_thread() -> str | None:
        return correlation_id.get()

    @app.get("/ids")
    async def ids(
        request: Request,
        first: str | None = Depends(from_dependency),
        second: str | None = Depends(from_thread),
    ) -> list[str | None]:
        logger.info("asked")
        return [request.headers.get("x-request-id"), first, second, correlation_id.get()]

    @app.get("/thread")
    def thread(tasks: BackgroundTasks) -> str | None:
        tasks.add_task(lambda: in_background.append(correlation_id.get()))
        return correlation_id.get()

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError("broken")

    @app.get("/missing")
    async def missing() -> None:
        raise HTTPException(404, "no such book")

    @app.exception_handler(Exception)
    async def on_error(request: Request, error: Exception) -> JSONResponse:
        return await http_exception_handler(
            request,
            HTTPException(500, "failed", headers={"X-Request-ID": correlation_id.get() or ""}),
        )

    return TestClient(app, raise_server_exceptions=False)


def test_a_given_id_is_kept_everywhere(client: TestClient) -> None:
    reply = client.get("/ids", headers={"x-request-id": GIVEN})
    assert reply.json() == [GIVEN] * 4
    assert reply.headers["x-request-id"] == GIVEN


def test_every_request_has_an_id_of_its_own(client: TestClient) -> None:
    replies = [client.get("/ids") for _ in range(3)]
    found = {reply.headers["x-request-id"] for reply in replies}
    assert len({UUID(one) for one in found}) == 3
    assert {one for reply in replies for one in reply.json()} == found


def test_an_invalid_id_is_replaced(client: TestClient) -> None:
    reply = client.get("/ids", headers={"x-request-id": "not an id"})
    assert UUID(reply.headers["x-request-id"])


def test_threads_and_background_tasks_see_it(client: TestClient, in_background: list[str | None]) -> None:
    assert client.get("/thread", headers={"x-request-id": GIVEN}).json() == GIVEN
    assert in_background == [GIVEN]


def test_answers_to_errors_have_it(client: TestClient) -> None:
    assert client.get("/missing", headers={"x-request-id": GIVEN}).headers["x-request-id"] == GIVEN
    failed = client.get("/broken", headers={"x-request-id": GIVEN})
    assert (failed.status_code, failed.json()) == (500, {"detail": "failed"})
    assert failed.headers["x-request-id"] == GIVEN


def test_log_lines_have_it(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(CorrelationIdFilter(uuid_length=8))
    with caplog.at_level(logging.INFO, logger="shop"):
        client.get("/ids", headers={"x-request-id": GIVEN})
    assert [record.correlation_id for record in caplog.records if record.name == "shop"] == [GIVEN[:8]]
