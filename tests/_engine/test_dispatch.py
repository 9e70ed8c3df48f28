"""What every way has in common and is easily lost; the rest of it is in `tests.differential`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from contextvars import ContextVar
from typing import Annotated, Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from pronghorn import BackgroundTasks, Body, Depends, FastAPI, HTTPException, Request, Response
from pronghorn._engine.dispatch import Dispatcher
from pronghorn._engine.reply import Reply
from pronghorn.exceptions import RequestValidationError
from pronghorn.responses import JSONResponse, PlainTextResponse, StreamingResponse
from tests.differential.outcomes import LOG, Asked, Outcome
from tests.differential.ways import WAYS, MemoryExchange, ask

pytestmark = pytest.mark.anyio

WHO: ContextVar[str] = ContextVar("WHO", default="nobody")
JSON = ((b"content-type", b"application/json"),)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


async def as_me() -> None:
    WHO.set("me")


class Told(Exception):
    """Is handled by functions of these tests."""


async def test_background_tasks_see_the_context_of_the_code_before(way: str) -> None:
    app = FastAPI()

    @app.get("/", dependencies=[Depends(as_me)])
    async def endpoint(tasks: BackgroundTasks) -> str:
        tasks.add_task(lambda: LOG.append(WHO.get()))
        return WHO.get()

    outcome = await ask(way, app, Asked())

    assert (outcome.body, outcome.log) == (b'"me"', ["sent", "me"])


async def test_streams_see_the_context_of_the_code_before(way: str) -> None:
    app = FastAPI()

    async def pieces() -> AsyncIterator[str]:
        yield WHO.get()

    @app.get("/", dependencies=[Depends(as_me)], response_model=None)
    async def endpoint() -> Response:
        return StreamingResponse(pieces())

    assert (await ask(way, app, Asked())).body == b"me"


@pytest.mark.parametrize("awaits", [False, True])
async def test_exception_handlers_see_the_context_of_the_code_before(way: str, awaits: bool) -> None:
    app = FastAPI()

    async def at_once(request: Request, error: Exception) -> Response:
        return PlainTextResponse(WHO.get())

    async def later(request: Request, error: Exception) -> Response:
        await asyncio.sleep(0)
        return PlainTextResponse(WHO.get())

    app.add_exception_handler(Told, later if awaits else at_once)

    @app.get("/", dependencies=[Depends(as_me)])
    async def endpoint() -> None:
        raise Told

    assert (await ask(way, app, Asked())).body == b"me"


async def test_what_a_handler_raises_is_for_the_handlers_of_the_application(way: str) -> None:
    app = FastAPI()

    @app.exception_handler(Told)
    async def handle(request: Request, error: Exception) -> Response:
        raise HTTPException(418, "from the handler")

    @app.get("/")
    async def endpoint() -> None:
        raise Told

    assert (await ask(way, app, Asked())).status == 418


@pytest.mark.parametrize("awaits", [False, True])
async def test_a_handler_that_fails_twice_is_a_server_error(way: str, awaits: bool) -> None:
    app = FastAPI()

    async def fail(request: Request, error: Exception) -> Response:
        LOG.append("handler")
        raise error

    async def fail_later(request: Request, error: Exception) -> Response:
        await asyncio.sleep(0)
        return await fail(request, error)

    app.add_exception_handler(Told, fail_later if awaits else fail)

    @app.get("/")
    async def endpoint() -> None:
        raise Told("twice")

    outcome = await ask(way, app, Asked())

    assert (outcome.status, outcome.error) == (500, "Told: twice")
    assert outcome.log == ["handler", "handler", "sent"]


async def test_the_last_handler_is_asked_once(way: str) -> None:
    app = FastAPI()

    @app.exception_handler(Exception)
    async def handle(request: Request, error: Exception) -> Response:
        LOG.append("handler")
        return PlainTextResponse("rest", status_code=500)

    @app.exception_handler(RequestValidationError)
    async def refuse(request: Request, error: Exception) -> Response:
        raise ValueError("of the handler")

    @app.post("/")
    async def endpoint(text: Annotated[str, Body()]) -> None: ...

    outcome = await ask(way, app, Asked("POST", headers=JSON, body=b"[]"))

    assert (outcome.body, outcome.log) == (b"rest", ["handler", "sent"])


async def test_an_exception_after_the_response_began_is_raised_further(way: str) -> None:
    app = FastAPI()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"1"
        raise HTTPException(418)

    @app.get("/", response_model=None)
    async def endpoint() -> Response:
        return StreamingResponse(pieces())

    outcome = await ask(way, app, Asked())

    assert outcome.status == 200
    assert outcome.error == "RuntimeError: Caught handled exception, but response already started."


async def test_a_handler_may_read_the_body_that_the_endpoint_has_read(way: str) -> None:
    app = FastAPI()

    @app.exception_handler(Told)
    async def handle(request: Request, error: Exception) -> Response:
        return Response(await request.body())

    @app.post("/")
    async def endpoint(request: Request) -> None:
        await request.body()
        raise Told

    assert (await ask(way, app, Asked("POST", body=b"text"))).body == b"text"


async def test_a_handler_that_answers_nothing_sends_nothing() -> None:
    app = FastAPI()

    @app.exception_handler(Told)
    async def handle(request: Request, error: Exception) -> None:
        LOG.append("handled")

    @app.get("/")
    async def endpoint() -> None:
        raise Told

    x = MemoryExchange(Asked(), arrived=True)
    LOG.clear()
    assert app.handle_exchange(x) is None
    await asyncio.wait(x._tasks)

    assert (LOG, x.heard) == (["handled"], Outcome())


class Broken(MemoryExchange):
    """Its body cannot be read."""

    async def read_body(self) -> bytes:
        raise ValueError("broken")


async def test_a_body_that_cannot_be_read_is_a_bad_request() -> None:
    app = FastAPI()

    @app.post("/")
    async def endpoint(number: Annotated[int, Body()]) -> None: ...

    x = Broken(Asked("POST", headers=JSON), arrived=False)
    assert app.handle_exchange(x) is None
    outcome = await x.wait()

    assert outcome.body == b'{"detail":"There was an error parsing the body"}'


async def test_whoever_exits_the_application_does_so() -> None:
    app = FastAPI()

    @app.get("/")
    async def endpoint() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        app.handle_exchange(MemoryExchange(Asked(), arrived=True))

    dispatcher = Dispatcher(lambda path, method: None, {}, {}, None)
    x = MemoryExchange(Asked(), arrived=True)
    with pytest.raises(SystemExit):
        dispatcher._thread_done(x, None, SystemExit(3))


async def test_a_coroutine_that_suspends_against_all_signs_is_a_server_error() -> None:
    app = FastAPI()

    @app.get("/")
    async def endpoint() -> None: ...

    outer = app._fast
    outer._is_current()
    dispatcher = outer._outer
    assert dispatcher is not None
    x = MemoryExchange(Asked(), arrived=True)
    plan = dispatcher.select(x)
    assert plan is not None

    async def suspending() -> None:
        await asyncio.sleep(0)

    plan.function.__globals__["endpoint"] = suspending
    assert dispatcher.handle(x, plan) is None
    outcome = await x.wait()

    assert outcome.status == 500
    assert "suspended" in str(outcome.error)


async def test_code_that_runs_in_place_finds_a_current_task() -> None:
    app = FastAPI()
    seen: dict[str, Any] = {}

    @app.get("/")
    async def endpoint() -> None:
        task: Any = asyncio.current_task()
        assert task is not None
        seen.update(
            loop=task.get_loop(), name=task.get_name(), done=task.done(), cancelled=task.cancelled(),
            cancelling=task.cancelling(), cancel=task.cancel(), uncancel=task.uncancel(), coroutine=task.get_coro(),
            stack=task.get_stack(), callback=task.add_done_callback(print),
        )  # fmt: skip

    loop, replies, done = asyncio.get_running_loop(), [], asyncio.Event()

    def serve() -> None:
        replies.append(app.handle_exchange(MemoryExchange(Asked(), arrived=True)))
        done.set()

    loop.call_soon(serve)
    await done.wait()

    assert isinstance(replies[0], Reply)
    assert seen == {
        "loop": loop, "name": "request in place", "done": False, "cancelled": False, "cancelling": 0,
        "cancel": False, "uncancel": 0, "coroutine": None, "stack": [], "callback": None,
    }  # fmt: skip


async def test_synchronous_code_runs_in_a_thread_whatever_comes_of_it(way: str) -> None:
    app = FastAPI()

    def asked(kind: str) -> str:
        return kind

    @app.exception_handler(Told)
    def handle(request: Request, error: Exception) -> Response:
        return PlainTextResponse("handled")

    @app.get("/{kind}", response_model=None)
    def endpoint(kind: Annotated[str, Depends(asked)], tasks: BackgroundTasks) -> Any:
        tasks.add_task(LOG.append, "background")
        if kind == "raise":
            raise Told
        return StreamingResponse([b"1", b"2"]) if kind == "stream" else kind

    plain = await ask(way, app, Asked(path="/plain"))
    stream = await ask(way, app, Asked(path="/stream"))
    raised = await ask(way, app, Asked(path="/raise"))

    assert (plain.body, plain.log) == (b'"plain"', ["sent", "background"])
    assert (stream.body, stream.log) == (b"12", ["sent", "background"])
    assert (raised.body, raised.log) == (b"handled", ["sent"])


async def test_synchronous_code_waits_for_the_body(way: str) -> None:
    app = FastAPI()

    @app.post("/")
    def endpoint(number: Annotated[int, Body()]) -> int:
        return number

    assert (await ask(way, app, Asked("POST", headers=JSON, body=b"5"))).body == b"5"
    assert (await ask(way, app, Asked("POST", headers=JSON, body=b'"x"'))).status == 422


async def test_dependencies_with_exits_see_what_went_wrong(way: str) -> None:
    app = FastAPI()

    async def resource(swallow: bool = False) -> AsyncIterator[None]:
        try:
            yield
        except Told:
            LOG.append("told")
            if not swallow:
                raise

    @app.exception_handler(Told)
    async def handle(request: Request, error: Exception) -> Response:
        return PlainTextResponse("handled")

    @app.get("/", dependencies=[Depends(resource)])
    async def endpoint(number: int = 0) -> None:
        raise Told

    assert (await ask(way, app, Asked())).body == b"handled"
    swallowed = await ask(way, app, Asked(query=b"swallow=1"))
    assert (swallowed.status, swallowed.log) == (500, ["told", "sent"])
    assert (await ask(way, app, Asked(query=b"number=x"))).status == 422


async def test_behind_a_middleware_that_nobody_knows_errors_are_raised_outwards(way: str) -> None:
    app = FastAPI()

    class Plain:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await self.app(scope, receive, send)
            except Told:
                LOG.append("seen")
                raise

    app.add_middleware(Plain)

    @app.get("/")
    async def endpoint(http: bool = False) -> None:
        raise HTTPException(418) if http else Told("outwards")

    outcome = await ask(way, app, Asked())

    assert (outcome.status, outcome.error, outcome.log) == (500, "Told: outwards", ["seen", "sent"])
    assert (await ask(way, app, Asked(query=b"http=1"))).status == 418


class Resource:
    """Writes down its begin and end."""

    def __init__(self, name: str, *, swallows: bool = False) -> None:
        self.name = name
        self.swallows = swallows

    async def __aenter__(self) -> None:
        LOG.append(f"{self.name} begins")

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> bool:
        LOG.append(f"{self.name} ends {'' if kind is None else kind.__name__}".strip())
        return self.swallows


def stack_of(request: Request, name: str) -> AsyncExitStack:
    stack = request.scope.get(f"fastapi_{name}_astack")
    assert isinstance(stack, AsyncExitStack)
    assert f"fastapi_{name}_astack" in request.scope
    found: AsyncExitStack = request.scope[f"fastapi_{name}_astack"]
    assert found is stack
    return found


def entering(app: FastAPI, *, awaits: bool, raises: bool = False, swallows: str = "") -> None:
    async def enter(request: Request) -> None:
        for name in ("middleware", "inner", "function"):
            resource = Resource(name, swallows=name == swallows)
            LOG.append(f"{name} begins")
            stack_of(request, name).push_async_exit(resource)
        if raises:
            raise Told

    if awaits:

        @app.get("/")
        async def endpoint_later(request: Request, tasks: BackgroundTasks) -> None:
            await asyncio.sleep(0)
            tasks.add_task(LOG.append, "background")
            await enter(request)

    else:

        def step(request: Request) -> None:
            coroutine = enter(request)
            try:
                coroutine.send(None)
            except StopIteration:
                return

        @app.get("/")
        async def endpoint(request: Request, tasks: BackgroundTasks) -> None:
            tasks.add_task(LOG.append, "background")
            step(request)


BEGIN = ["middleware begins", "inner begins", "function begins"]


@pytest.mark.parametrize("awaits", [False, True])
async def test_user_code_may_use_the_exit_stacks_of_the_request(way: str, awaits: bool) -> None:
    app = FastAPI()
    entering(app, awaits=awaits)

    outcome = await ask(way, app, Asked())

    assert outcome.status == 200
    assert outcome.log == [*BEGIN, "function ends", "sent", "background", "inner ends", "middleware ends"]


@pytest.mark.parametrize("awaits", [False, True])
async def test_exit_stacks_get_to_know_of_an_exception(way: str, awaits: bool) -> None:
    app = FastAPI()
    entering(app, awaits=awaits, raises=True)

    @app.exception_handler(Told)
    async def handle(request: Request, error: Exception) -> Response:
        return JSONResponse("handled")

    outcome = await ask(way, app, Asked())

    assert outcome.body == b'"handled"'
    assert outcome.log == [*BEGIN, "function ends Told", "inner ends Told", "sent", "middleware ends"]


@pytest.mark.parametrize("awaits", [False, True])
async def test_an_exception_without_a_handler_passes_the_outermost_stack(way: str, awaits: bool) -> None:
    app = FastAPI()
    entering(app, awaits=awaits, raises=True)

    outcome = await ask(way, app, Asked())

    ends = ["function ends Told", "inner ends Told", "middleware ends Told"]
    assert outcome.log == [*BEGIN, *ends, "sent"]


@pytest.mark.parametrize("awaits", [False, True])
async def test_an_exit_that_swallows_an_exception_is_an_error(way: str, awaits: bool) -> None:
    app = FastAPI()
    entering(app, awaits=awaits, raises=True, swallows="inner")

    outcome = await ask(way, app, Asked())

    assert outcome.status == 500
    assert str(outcome.error).startswith("FastAPIError: Response not awaited.")


async def test_who_gave_the_scope_sees_the_route_in_it() -> None:
    app = FastAPI()
    seen: dict[str, Any] = {}

    def outer(inner: ASGIApp) -> ASGIApp:
        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            await inner(scope, receive, send)
            seen.update(scope)

        return serve

    @app.get("/items/{key}")
    async def endpoint(key: int) -> int:
        return key

    await ask("asgi", outer(app), Asked(path="/items/5"))  # type: ignore[arg-type]

    assert seen["route"].path == "/items/{key}"
    assert seen["path_params"] == {"key": "5"}
