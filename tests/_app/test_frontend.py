from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from anyio import sleep_forever
from starlette.background import BackgroundTasks
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, NoMatchFound
from starlette.types import Message, Scope

from pronghorn._app.frontend import FrontendGroup, FrontendRoute, choose, join_paths, normalize_path
from pronghorn._base.errors import RequestValidationError
from pronghorn._declare.depends import Depends
from pronghorn._engine.telemetry import SCOPE_KEY
from pronghorn._engine.telemetry.record import RequestRecord

Directories = Callable[[str], Path]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def site(tmp_path: Path) -> Directories:
    """A directory whose index and asset say its name."""

    def make(name: str) -> Path:
        directory = tmp_path / name
        directory.mkdir(exist_ok=True)
        (directory / "index.html").write_text(name)
        (directory / "app.js").write_text(f"{name} asset")
        return directory

    return make


def scope(path: str = "/", **values: Any) -> Scope:
    return {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "server": ("shop.example", 80),
        "path": path,
        "query_string": b"",
        "headers": [(b"accept", b"text/html")],
        **values,
    }


async def receive() -> Message:
    """A client that stays: it says nothing until its answer is complete."""
    await sleep_forever()
    raise AssertionError


class Answer:
    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], message["headers"]
        else:
            self.body += message.get("body", b"")


async def get(group: FrontendGroup, path: str, **values: Any) -> str:
    answer = Answer()
    await group.handle(scope(path, **values), receive, answer.send)
    assert answer.status == 200
    return answer.body.decode()


def noting(calls: list[str], name: str) -> Any:
    async def dependency() -> None:
        calls.append(name)

    return Depends(dependency)


@pytest.mark.parametrize(("path", "expected"), [("/", "/"), ("/app", "/app"), ("/app/", "/app"), ("//", "/")])
def test_a_path_has_no_slash_at_its_end(path: str, expected: str) -> None:
    assert normalize_path(path) == expected


@pytest.mark.parametrize(
    ("path", "message"),
    [("", "A frontend path cannot be empty"), ("app", "A frontend path must start with '/'")],
)
def test_a_path_has_to_be_absolute(path: str, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        normalize_path(path)


def test_an_unknown_fallback_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"fallback must be 'auto', 'index.html', '404.html', or None"):
        FrontendRoute("/", directory=tmp_path, fallback="home.html", check_dir=True)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("prefix", "path", "expected"),
    [("", "/", "/"), ("", "/ui", "/ui"), ("/admin", "/", "/admin"), ("/admin", "/ui", "/admin/ui")],
)
def test_a_path_follows_its_prefix(prefix: str, path: str, expected: str) -> None:
    assert join_paths(prefix, path) == expected


@pytest.mark.parametrize(
    ("path", "requested", "rest"),
    [
        ("/", "/", ""),
        ("/", "//a/b", "a/b"),
        ("/app", "/app", ""),
        ("/app", "/app/", ""),
        ("/app", "/app/a/b", "a/b"),
        ("/app", "/application", None),
        ("/app", "/other", None),
    ],
)
def test_a_frontend_answers_below_its_path(
    site: Directories, path: str, requested: str, rest: str | None
) -> None:
    route = FrontendRoute(path, directory=site("dist"), check_dir=True)
    match, child_scope = route.matches(scope(requested))
    if rest is None:
        assert (match, child_scope) == (Match.NONE, {})
    else:
        assert match is Match.FULL
        assert child_scope["fastapi"]["frontend_path"] == rest


def test_a_root_path_is_not_part_of_the_path(site: Directories) -> None:
    route = FrontendRoute("/app", directory=site("dist"), check_dir=True)
    match, child_scope = route.matches(scope("/proxy/app/a", root_path="/proxy"))
    assert (match, child_scope["fastapi"]["frontend_path"]) == (Match.FULL, "a")


def test_other_methods_match_partly_and_websockets_do_not(site: Directories) -> None:
    group = FrontendGroup()
    group.add("/", directory=site("dist"), check_dir=True)
    assert group.matches(scope(method="HEAD"))[0] is Match.FULL
    assert group.matches(scope(method="POST"))[0] is Match.PARTIAL
    assert group.matches({"type": "websocket", "path": "/"}) == (Match.NONE, {})


def test_a_frontend_has_no_name_to_find_its_url_by(site: Directories) -> None:
    group = FrontendGroup()
    group.add("/", directory=site("dist"), check_dir=True)
    with pytest.raises(NoMatchFound):
        group.url_path_for("frontend")
    with pytest.raises(NoMatchFound):
        group.routes[0].url_path_for("frontend")


def candidate(match: Match, specificity: int | None, name: str) -> tuple[Match, Scope, str]:
    child_scope = {} if specificity is None else {"fastapi": {"frontend_specificity": specificity}}
    return match, child_scope, name


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        ([], None),
        ([candidate(Match.NONE, 9, "none")], None),
        ([candidate(Match.PARTIAL, 9, "partial"), candidate(Match.FULL, 0, "full")], "full"),
        ([candidate(Match.FULL, 1, "short"), candidate(Match.FULL, 2, "long")], "long"),
        ([candidate(Match.FULL, 2, "first"), candidate(Match.FULL, 2, "second")], "first"),
        ([candidate(Match.PARTIAL, 1, "short"), candidate(Match.PARTIAL, 2, "long")], "long"),
        ([candidate(Match.FULL, None, "route"), candidate(Match.FULL, 2, "frontend")], "route"),
        ([candidate(Match.FULL, 2, "frontend"), candidate(Match.FULL, None, "route")], "frontend"),
    ],
)
def test_the_most_specific_frontend_answers(
    candidates: list[tuple[Match, Scope, str]], expected: str | None
) -> None:
    assert choose(candidates)[2] == expected


@pytest.mark.anyio
async def test_of_two_frontends_the_longer_path_answers(site: Directories) -> None:
    group = FrontendGroup()
    group.add("/", directory=site("shop"), check_dir=True)
    group.add("/admin", directory=site("admin"), check_dir=True)
    assert await get(group, "/admin/settings") == "admin"
    assert await get(group, "/administration") == "shop"


@pytest.mark.anyio
async def test_a_path_below_no_frontend_is_missing(site: Directories) -> None:
    group = FrontendGroup()
    group.add("/app", directory=site("dist"), check_dir=True)
    with pytest.raises(HTTPException) as caught:
        await get(group, "/other")
    assert caught.value.status_code == 404


@pytest.mark.anyio
async def test_an_included_group_answers_below_all_prefixes(site: Directories) -> None:
    group = FrontendGroup()
    view = group.included(prefix="/shop", dependencies=[], dependency_overrides_provider=None)
    group.add("/ui", directory=site("dist"), check_dir=True)
    assert await get(view, "/shop/ui/app.js") == "dist asset"
    outer = view.included(prefix="/v1", dependencies=[], dependency_overrides_provider=None)
    assert await get(outer, "/v1/shop/ui/app.js") == "dist asset"
    assert view.match(scope("/ui/app.js"))[0] is Match.NONE
    assert view.match(scope("/other/ui/app.js"), "/other")[0] is Match.FULL


@pytest.mark.anyio
async def test_dependencies_run_from_the_outside_in(site: Directories) -> None:
    calls: list[str] = []
    group = FrontendGroup(dependencies=[noting(calls, "router")])
    group.add("/", directory=site("dist"), check_dir=True)
    view = group.included(
        prefix="/a",
        dependencies=[noting(calls, "application"), noting(calls, "include")],
        dependency_overrides_provider=None,
    )
    assert await get(view, "/a/") == "dist"
    assert calls == ["application", "include", "router"]


@pytest.mark.anyio
async def test_dependencies_guard_files_but_not_refusals(site: Directories) -> None:
    def require_session(request: Request) -> None:
        if "session" not in request.cookies:
            raise HTTPException(401)

    group = FrontendGroup(dependencies=[Depends(require_session)])
    group.add("/", directory=site("dist"), check_dir=True)
    assert await get(group, "/app.js", headers=[(b"cookie", b"session=1")]) == "dist asset"
    for method, status in (("GET", 401), ("POST", 405)):
        with pytest.raises(HTTPException) as caught:
            await get(group, "/app.js", method=method)
        assert caught.value.status_code == status


@pytest.mark.anyio
async def test_dependencies_may_set_headers_and_add_tasks(site: Directories) -> None:
    calls: list[str] = []

    def dependency(response: Response, tasks: BackgroundTasks) -> None:
        response.headers["x-shop"] = "open"
        tasks.add_task(calls.append, "task")

    group = FrontendGroup(dependencies=[Depends(dependency)])
    group.add("/", directory=site("dist"), check_dir=True)
    answer = Answer()
    await group.handle(scope(), receive, answer.send)
    assert (b"x-shop", b"open") in answer.headers
    assert calls == ["task"]


@pytest.mark.anyio
async def test_dependencies_that_do_not_validate_are_a_validation_error(site: Directories) -> None:
    def dependency(token: str) -> None:
        raise AssertionError("not called")

    group = FrontendGroup(dependencies=[Depends(dependency)])
    group.add("/", directory=site("dist"), check_dir=True)
    with pytest.raises(RequestValidationError) as caught:
        await get(group, "/")
    assert [error["loc"] for error in caught.value.errors()] == [("query", "token")]


@pytest.mark.anyio
async def test_dependencies_are_overridden_by_the_including_application(site: Directories) -> None:
    calls: list[str] = []

    class Application:
        def __init__(self) -> None:
            self.dependency_overrides: dict[Any, Any] = {}

    def refuse() -> None:
        raise HTTPException(401)

    application = Application()
    application.dependency_overrides[refuse] = lambda: calls.append("override")
    group = FrontendGroup(dependencies=[Depends(refuse)], dependency_overrides_provider=application)
    group.add("/", directory=site("dist"), check_dir=True)
    assert await get(group, "/") == "dist"
    assert calls == ["override"]


@pytest.mark.anyio
@pytest.mark.parametrize("dependency_scope", ["function", "request"])
async def test_dependencies_end_after_the_response(site: Directories, dependency_scope: Any) -> None:
    events: list[str] = []

    async def dependency() -> AsyncIterator[None]:
        events.append("enter")
        yield
        events.append("exit")

    class Noting(Answer):
        async def send(self, message: Message) -> None:
            events.append(message["type"])
            await super().send(message)

    group = FrontendGroup(dependencies=[Depends(dependency, scope=dependency_scope)])
    group.add("/", directory=site("dist"), check_dir=True)
    await group.handle(scope(), receive, Noting().send)
    assert events[:2] == ["enter", "http.response.start"]
    assert events[-2:] == ["http.response.body", "exit"]


@pytest.mark.anyio
@pytest.mark.parametrize("held", [True, False])
async def test_the_scope_gets_its_exit_stacks_back(site: Directories, held: bool) -> None:
    group = FrontendGroup(dependencies=[noting([], "dependency")])
    group.add("/", directory=site("dist"), check_dir=True)
    async with AsyncExitStack() as inner, AsyncExitStack() as function:
        stacks: dict[str, Any] = (
            {"fastapi_inner_astack": inner, "fastapi_function_astack": function} if held else {}
        )
        request_scope = scope(**stacks)
        await group.handle(request_scope, receive, Answer().send)
        kept = {key: value for key, value in request_scope.items() if key.endswith("_astack")}
        assert kept == stacks


@pytest.mark.anyio
async def test_a_request_is_known_by_the_frontends_path(site: Directories) -> None:
    group = FrontendGroup()
    group.add("/", directory=site("dist"), check_dir=True)
    group.add("/ui", directory=site("ui"), check_dir=True)
    routes: list[str | None] = []
    for path in ("/app.js", "/ui/app.js"):
        record = RequestRecord(span=None, span_method="GET")
        await get(group, path, **{SCOPE_KEY: record})
        routes.append(record.route)
    assert routes == ["/{path}", "/ui/{path}"]
