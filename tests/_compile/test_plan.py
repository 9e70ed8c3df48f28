"""What plans are compiled to; that they do what the reference way does is in `tests.differential`."""

import enum
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

import pytest
from pydantic import AliasChoices, BaseModel, Field, Json

from pronghorn import (
    BackgroundTasks,
    Body,
    Cookie,
    Depends,
    FastAPI,
    File,
    Form,
    Header,
    Query,
    Request,
    Response,
    Security,
)
from pronghorn._app.fast import FastApplication
from pronghorn._compile.plan import EndpointPlan
from pronghorn.responses import EventSourceResponse, HTMLResponse
from pronghorn.security import SecurityScopes


class Named(BaseModel):
    name: str = Field(alias="Name")


class Item(BaseModel):
    name: str


class Filters(BaseModel):
    limit: int = 1


class Scope(enum.StrEnum):
    read = "items:read"


def plan_of(endpoint: Any, path: str = "/", **options: Any) -> EndpointPlan | None:
    """The plan of the one path operation of an application."""
    app = FastAPI(openapi_url=None)
    app.add_api_route(path, endpoint, methods=["POST"], **options)
    ((_, _, target),) = FastApplication(app).targets()
    assert target is not None
    return target.compile()


def compiled(endpoint: Any, path: str = "/", **options: Any) -> EndpointPlan:
    plan = plan_of(endpoint, path, **options)
    assert plan is not None
    return plan


async def waiting() -> int:
    return await never_awaiting()


async def never_awaiting() -> int:
    return 1


def plain() -> int:
    return 1


def generator() -> Iterator[int]:
    yield 1


def seen(request: Request) -> None: ...


def events() -> Iterator[int]:
    yield 1


def test_what_never_suspends_runs_in_place() -> None:
    async def endpoint(a: Annotated[int, Depends(never_awaiting)]) -> None: ...

    assert compiled(endpoint).way == "in place"


def test_what_is_all_synchronous_runs_in_a_thread() -> None:
    def endpoint(a: Annotated[int, Depends(plain)]) -> None: ...

    plan = compiled(endpoint)

    assert plan.way == "thread"
    assert "isolate(plain)" in plan.source


@pytest.mark.parametrize("dependency", [plain, generator])
def test_what_is_partly_synchronous_goes_to_a_thread_and_back(dependency: Any) -> None:
    async def endpoint(a: Annotated[int, Depends(dependency)]) -> None: ...

    plan = compiled(endpoint)

    assert plan.way == "relay"
    assert plan.holds_exits is (dependency is generator)
    assert not plan.uses_stacks


@pytest.mark.parametrize("dependency", [plain, generator])
def test_anything_else_is_a_task(dependency: Any) -> None:
    async def endpoint(
        a: Annotated[int, Depends(dependency)], b: Annotated[int, Depends(waiting)]
    ) -> None: ...

    plan = compiled(endpoint)

    assert plan.way == "task"
    assert plan.uses_stacks is (dependency is generator)


@pytest.mark.parametrize(
    ("dependencies", "expected"),
    [
        ([Depends(generator)], True),
        ([Depends(generator, scope="function")], True),
        ([Depends(events), Depends(generator, scope="function")], True),
        ([Depends(generator, scope="function"), Depends(events)], False),  # entered last, left last
        ([Depends(generator), Depends(seen)], False),  # may look for the stacks
    ],
)
def test_exits_are_held_where_they_are_left_in_reverse(dependencies: list[Any], expected: bool) -> None:
    def endpoint() -> None: ...

    plan = compiled(endpoint, dependencies=dependencies)

    assert (plan.holds_exits, plan.uses_stacks) == (expected, not expected)
    assert plan.way == ("thread" if expected else "task")


def test_more_exits_than_python_nests_are_left_to_stacks() -> None:
    def opening() -> Callable[[], Iterator[None]]:
        def opened() -> Iterator[None]:
            yield

        return opened

    def endpoint() -> None: ...

    many = [Depends(opening()) for _ in range(40)]

    assert compiled(endpoint, dependencies=many[:12]).holds_exits
    assert compiled(endpoint, dependencies=many).uses_stacks


def test_synchronous_calls_in_a_row_share_a_trip_to_a_thread() -> None:
    def second() -> None: ...
    def endpoint(
        a: Annotated[None, Depends(waiting)],
        b: Annotated[int, Depends(plain)],
        c: Annotated[None, Depends(second)],
    ) -> None: ...

    assert compiled(endpoint).source.count("await hop(") == 1


async def numbers() -> AsyncIterator[int]:
    yield 1


def with_form(a: Annotated[str, Form()]) -> None: ...
def with_file(a: Annotated[bytes, File()]) -> None: ...
def with_names(a: Annotated[Item, Body(validation_alias=AliasChoices("a", "b"))]) -> None: ...
def with_cap(a: Annotated[int, Depends(plain, max_concurrency=1)]) -> None: ...
def with_strange_header(a: Annotated[str, Header(alias="ü")] = "") -> None: ...
def with_own_factory(a: Annotated[list[int], Query(default_factory=lambda: [1])]) -> None: ...


@pytest.mark.parametrize(
    ("endpoint", "options"),
    [
        (events, {}),
        (events, {"response_class": EventSourceResponse}),
        (numbers, {}),
        (with_form, {}),
        (with_file, {}),
        (with_names, {}),
        (with_cap, {}),
        (with_strange_header, {}),
        (with_own_factory, {}),
    ],
)
def test_what_has_no_plan_goes_the_reference_way(endpoint: Any, options: Any) -> None:
    assert plan_of(endpoint, **options) is None


def test_simple_parameters_are_validated_one_by_one_and_others_as_by_reference() -> None:
    async def endpoint(
        key: int,
        text: str,
        number: int = 1,
        several: Annotated[list[int], Query()] = [],  # noqa: B006 - a default that is copied
        filters: Annotated[Filters | None, Header()] = None,
        encoded: Annotated[Json[int], Cookie()] = 1,
        x_token: Annotated[str | None, Header()] = None,
        session: Annotated[str, Cookie()] = "",
    ) -> None: ...

    source = compiled(endpoint, "/{key}").source

    assert "path.get('key')" in source
    assert "v0_text = raw\n" in source
    assert "v0_number = default_v0_number if raw is None else validate_v0_number(raw)" in source
    assert "read_params(fields_several, received)" in source
    assert "read_params(fields_filters, received)" in source
    assert "if name == b'x-token'" in source
    assert "cookies.get('session')" in source


def test_a_body_of_a_plain_model_is_validated_from_its_bytes() -> None:
    async def endpoint(item: Item) -> None: ...

    plan = compiled(endpoint)

    assert plan.needs_body
    assert "validate_v0_item(content)" in plan.source


def test_a_body_that_json_mode_reads_in_another_way_is_parsed_first() -> None:
    async def endpoint(item: Annotated[bytes, Body()]) -> None: ...

    assert "loads(content)" in compiled(endpoint).source


def test_members_of_a_body_are_looked_up() -> None:
    async def endpoint(
        a: Annotated[int, Body()],
        b: Annotated[list[int], Body(default_factory=list)],
        c: Annotated[int, Body()] = 1,
        d: Annotated[int, Body(validate_default=True)] = 1,
    ) -> None: ...

    source = compiled(endpoint).source

    assert "raw = data.get('a', MISSING)" in source
    assert "v0_c = default_v0_c" in source
    assert "b=copy_default(field_v0_b) if v0_b is MISSING else v0_b" in source


def test_a_default_that_could_be_changed_is_copied() -> None:
    async def endpoint(
        item: Annotated[Any, Query()] = Ellipsis, other: Annotated[Filters, Body()] = Filters()
    ) -> None: ...

    async def embedded(a: Annotated[Filters, Body(embed=True)] = Filters()) -> None: ...

    assert "v0_a = copy_default(" in compiled(embedded).source
    assert compiled(endpoint).needs_body


def test_embedding_is_settled_for_each_callable() -> None:
    def one(body: Annotated[Item, Body(embed=True)]) -> None: ...
    async def endpoint(a: Annotated[None, Depends(one)], body: Item) -> None: ...

    source = compiled(endpoint).source

    assert "raw = data.get('body', MISSING)" in source
    assert "v1_body = validate_v1_body(content)" in source


def test_injected_values_are_made_once() -> None:
    def dependency(request: Request, response: Response) -> None: ...
    async def endpoint(
        a: Annotated[None, Depends(dependency)],
        request: Request,
        response: Response,
        tasks: BackgroundTasks,
        scopes: SecurityScopes,
    ) -> None: ...

    plan = compiled(endpoint)

    assert plan.uses_request
    for made in ("make_request(x)", "blank_response()", "BackgroundTasks()"):
        assert plan.source.count(made) == 1


def test_scopes_may_be_members_of_an_enumeration() -> None:
    def dependency(scopes: SecurityScopes) -> list[str]:
        return scopes.scopes

    async def endpoint(a: Annotated[list[str], Security(dependency, scopes=[Scope.read])]) -> None: ...

    assert "SecurityScopes(scopes=[*scopes])" in compiled(endpoint).source


def test_callables_may_be_called_as_the_plan_calls_its_variables() -> None:
    async def query(q: str = "") -> None: ...
    async def x(content: Annotated[None, Depends(query)]) -> None: ...

    source = compiled(x).source

    assert "_query(q=v0_q)" in source
    assert "_x(content=r0)" in source


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "reply.media_type = b'application/json'"),
        ({"status_code": 201}, "reply.status = 201"),
        ({"response_model": Item}, "to_json(valid)"),
        ({"response_model": Named}, "to_json(valid, by_alias=by_alias)"),
        ({"response_model": Item}, "validate_response(r0, from_attributes=True)"),
        ({"response_model": dict[str, list[int]]}, "validate_response(r0)"),
        ({"response_model": Item, "response_model_exclude_none": True}, "exclude_none=exclude_none"),
        ({"status_code": 204, "response_model": None}, "answer_with_class(x, spec, r0, None, None)"),
        ({"response_class": HTMLResponse}, "answer_with_class(x, spec, r0, None, None)"),
    ],
)
def test_an_answer_is_made_as_declared(options: Any, expected: str) -> None:
    async def endpoint() -> Any: ...

    assert expected in compiled(endpoint, **options).source


def test_background_tasks_follow_the_answer() -> None:
    async def endpoint(tasks: BackgroundTasks) -> Any: ...

    source = compiled(endpoint).source

    assert "reply.after = background if background.tasks else None" in source
    assert "r0.background = background" in source


def test_a_callable_without_a_name_goes_by_its_class() -> None:
    class Dependency:
        async def __call__(self) -> int:
            return 1

    async def endpoint(a: Annotated[int, Depends(Dependency())]) -> None: ...

    assert "Dependency()" in compiled(endpoint).source


async def opened() -> AsyncIterator[int]:
    yield 1


async def opened_too() -> AsyncIterator[int]:
    yield 1


async def seeing(request: Request) -> AsyncIterator[int]:
    yield 1


def opened_def() -> Iterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("dependencies", "expected"),
    [
        ([Depends(opened)], True),
        ([Depends(opened), Depends(opened)], True),
        ([Depends(opened), Depends(opened_too)], False),
        ([Depends(opened, scope="function")], False),
        ([Depends(opened_def)], False),
        ([Depends(seeing)], False),
        ([], False),
    ],
)
def test_an_exit_is_alone_where_nothing_else_is_closed_or_seen(
    dependencies: list[Any], expected: bool
) -> None:
    async def endpoint(a: Annotated[int, Depends(waiting)]) -> None: ...

    assert compiled(endpoint, dependencies=dependencies).exits_alone is expected
