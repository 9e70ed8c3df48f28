import functools
import inspect
import typing
import warnings
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, ForwardRef

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from starlette.background import BackgroundTasks
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from pronghorn import Body, Cookie, Depends, Form, Header, Path, Query, Security
from pronghorn._base.concurrency import DependencyConcurrency
from pronghorn._base.declaration import DeclarationError
from pronghorn._base.errors import DependencyScopeError, FastAPIError, PydanticV1NotSupportedError
from pronghorn._compile.dependant import Dependant, oauth_scopes
from pronghorn._compile.signature import (
    add_param_to_fields,
    flat_params,
    get_dependant,
    get_parameterless_sub_dependant,
    stream_item_type,
    typed_annotation,
    typed_return_annotation,
    typed_signature,
)
from pronghorn._schema.field import ModelField
from pronghorn.security import SecurityScopes

if TYPE_CHECKING:
    from nowhere import Unknown  # type: ignore[import-not-found]


def place(call: Callable[..., Any]) -> str:
    return f"{call.__qualname__}, defined at {__file__}:{call.__code__.co_firstlineno}"


def names(fields: list[ModelField]) -> list[str]:
    return [field.name for field in fields]


# --- signatures


def test_annotations_written_as_text_are_evaluated() -> None:
    def call(number: "int", anything, missing: "None") -> "int": ...  # type: ignore[no-untyped-def, empty-body]

    annotations = [parameter.annotation for parameter in typed_signature(call).parameters.values()]

    assert annotations == [int, inspect.Parameter.empty, None]
    assert typed_return_annotation(call) is int


def test_text_that_names_nothing_yet_stays_a_reference() -> None:
    def call(known: "int", unknown: "Unknown") -> "Unknown": ...

    known, unknown = [parameter.annotation for parameter in typed_signature(call).parameters.values()]

    assert known is int
    assert unknown == ForwardRef("Unknown")
    assert typed_return_annotation(call) == ForwardRef("Unknown")


def test_a_name_that_is_not_defined_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    def call(known: "int", unknown: "Unknown", other: Annotated["Unknown", Query()]) -> None: ...

    for _ in range(2):
        get_dependant(path="/", call=call)

    assert [record.getMessage() for record in caplog.records] == [
        "The annotation 'Unknown' names nothing that is defined where it stands. "
        f"In parameter {name!r} of {place(call)}. "
        "Fix: define or import it above the function, outside of `if TYPE_CHECKING:`"
        for name in ("unknown", "other")
    ]


def test_a_decorated_function_is_read_where_it_was_written() -> None:
    def call(number: "int") -> "str": ...  # type: ignore[empty-body]

    @functools.wraps(call)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return call(*args, **kwargs)

    assert typed_signature(wrapper).parameters["number"].annotation is int
    assert typed_return_annotation(wrapper) is str


def test_a_partial_leaves_out_what_it_binds_by_position() -> None:
    def call(first: int, second: str) -> None: ...

    assert list(typed_signature(functools.partial(call, 1)).parameters) == ["second"]


def test_a_missing_return_annotation_is_none() -> None:
    def call(): ...  # type: ignore[no-untyped-def]

    assert typed_return_annotation(call) is None


def test_only_text_is_evaluated() -> None:
    assert typed_annotation(list[int], {}) == list[int]
    assert typed_annotation("list[Item]", {"Item": int}) == list[int]
    assert typed_annotation("None", {}) is None


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (AsyncIterable[int], int),
        (AsyncGenerator[str, None], str),
        (Iterable[bytes], bytes),
        (Generator[int, str, bytes], int),
        (Iterator[Any], Any),
        (typing.AsyncIterable, Any),
        (list[int], None),
        (int, None),
        (None, None),
    ],
)
def test_a_stream_has_items_of_a_type(annotation: Any, expected: Any) -> None:
    assert stream_item_type(annotation) == expected


# --- trees


class Item(BaseModel):
    name: str


def test_parameters_are_filed_by_source() -> None:
    def call(
        item_id: int,
        item: Item,
        q: str = "",
        x_token: str = Header(),
        session: str = Cookie(),
        extra: str = Body(),
    ) -> None: ...

    dependant = get_dependant(path="/items/{item_id}", call=call)

    assert names(dependant.path_params) == ["item_id"]
    assert names(dependant.query_params) == ["q"]
    assert names(dependant.header_params) == ["x_token"]
    assert names(dependant.cookie_params) == ["session"]
    assert names(dependant.body_params) == ["item", "extra"]
    assert (dependant.call, dependant.path, dependant.name) == (call, "/items/{item_id}", None)


def test_some_types_are_injected() -> None:
    def call(
        a: Request, b: WebSocket, c: HTTPConnection, d: Response, e: BackgroundTasks, f: SecurityScopes
    ) -> None: ...

    dependant = get_dependant(path="/", call=call)

    assert [
        dependant.request_param_name,
        dependant.websocket_param_name,
        dependant.http_connection_param_name,
        dependant.response_param_name,
        dependant.background_tasks_param_name,
        dependant.security_scopes_param_name,
    ] == ["a", "b", "c", "d", "e", "f"]
    assert flat_params(dependant) == []


def leaf(q: str) -> str:
    return q


def branch(value: Annotated[str, Depends(leaf)], other: int = 1) -> str:
    return value


def test_dependencies_stand_in_declaration_order_with_their_own_needs() -> None:
    def call(
        first: Annotated[str, Depends(branch, use_cache=False)], second: str = Depends(leaf, scope="function")
    ) -> None: ...

    first, second = get_dependant(path="/{q}", call=call).dependencies

    assert (first.call, first.name, first.use_cache, first.scope) == (branch, "first", False, None)
    assert (second.call, second.name, second.use_cache, second.scope) == (leaf, "second", True, "function")
    assert names(first.query_params) == ["other"]
    assert [node.call for node in first.dependencies] == [leaf]
    assert names(second.path_params) == ["q"]


def test_a_class_is_a_dependency_by_its_annotation_alone() -> None:
    class Page:
        def __init__(self, limit: int = 10) -> None: ...

    def call(page: Annotated[Page, Depends()]) -> None: ...

    (page,) = get_dependant(path="/", call=call).dependencies

    assert page.call is Page
    assert names(page.query_params) == ["limit"]


def test_a_cap_belongs_to_the_declaration() -> None:
    capped = Depends(leaf, max_concurrency=2)

    def call(first: Any = capped, second: Any = capped, third: Any = Depends(leaf)) -> None: ...

    caps = [node.concurrency for node in get_dependant(path="/", call=call).dependencies]

    assert caps[0] is caps[1]
    assert isinstance(caps[0], DependencyConcurrency)
    assert caps[2] is None


def test_scopes_add_up_on_the_way_down() -> None:
    def inner(scopes: SecurityScopes) -> None: ...
    def outer(value: Annotated[None, Security(inner, scopes=["items"])]) -> None: ...
    def call(value: Annotated[None, Security(outer, scopes=["me"])]) -> None: ...

    (first,) = get_dependant(path="/", call=call, own_oauth_scopes=["all"]).dependencies
    (second,) = first.dependencies

    assert oauth_scopes(first) == ["all", "me"]
    assert oauth_scopes(second) == ["all", "me", "items"]


def test_a_dependency_for_its_effects_has_no_name() -> None:
    depends = Security(branch, scopes=["me"])

    dependant = get_parameterless_sub_dependant(depends=depends, path="/{q}")

    assert (dependant.call, dependant.name, dependant.own_oauth_scopes) == (branch, None, ["me"])
    assert names(dependant.dependencies[0].path_params) == ["q"]


# --- what cannot work


def notes_of(error: BaseException) -> list[str]:
    return list(getattr(error, "__notes__", []))


def test_a_dependency_for_its_effects_names_its_function() -> None:
    with pytest.raises(
        DeclarationError, match="A parameter-less dependency must have a callable dependency"
    ) as raised:
        get_parameterless_sub_dependant(depends=Depends(), path="/")
    assert notes_of(raised.value)[0].startswith("Fix: name the function, as in `Depends(function)`")


def test_a_dependency_is_callable() -> None:
    def call(value: Any = Depends("no function")) -> None: ...  # type: ignore[arg-type]

    with pytest.raises(
        DeclarationError, match="The dependency of parameter 'value' must be callable, found 'no function'"
    ) as raised:
        get_dependant(path="/", call=call)
    assert notes_of(raised.value) == [f"In parameter 'value' of {place(call)}"]


def test_an_error_names_the_innermost_parameter() -> None:
    class Odd: ...

    def inner(odd: Odd) -> None: ...
    def outer(value: Any = Depends(inner)) -> None: ...
    def call(value: Any = Depends(outer)) -> None: ...

    with pytest.raises(FastAPIError, match="Invalid args for response field") as raised:
        get_dependant(path="/", call=call)
    assert notes_of(raised.value) == [
        f"In parameter 'odd' of {place(inner)}",
        "Fix: if 'odd' is a dependency, declare it with `Depends()`; otherwise give it a type that pydantic "
        "can validate",
    ]


def test_a_callable_without_a_signature_is_named() -> None:
    def call(value: Any = Depends(dict)) -> None: ...

    with pytest.raises(ValueError, match="no signature found") as raised:
        get_dependant(path="/", call=call)
    assert notes_of(raised.value) == ["In the signature of dict"]


def ping(value: Any) -> None: ...
def pong(value: Any = Depends(ping)) -> None: ...


def test_a_cycle_of_dependencies_names_everybody_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ping, "__annotations__", {"value": Annotated[Any, Depends(pong)]})

    def call(value: Any = Depends(ping)) -> None: ...

    with pytest.raises(
        DeclarationError, match="Dependencies form a cycle: call -> ping -> pong -> ping"
    ) as raised:
        get_dependant(path="/", call=call)
    assert notes_of(raised.value) == [f"In parameter 'value' of {place(pong)}"]


def test_a_dependency_on_itself_is_a_cycle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ping, "__annotations__", {"value": Annotated[Any, Depends(ping)]})

    with pytest.raises(DeclarationError, match="Dependencies form a cycle: ping -> ping"):
        get_dependant(path="/", call=ping)


def test_the_same_dependency_twice_is_no_cycle() -> None:
    def call(first: Any = Depends(leaf), second: Any = Depends(branch)) -> None: ...

    assert len(get_dependant(path="/", call=call).dependencies) == 2


def ends_early() -> Iterator[int]:
    yield 1


@pytest.mark.parametrize("scope", [None, "request"])
def test_what_lives_as_long_as_the_request_cannot_use_what_ends_before(scope: Any) -> None:
    def lives_long(value: Any = Depends(ends_early, scope="function")) -> Iterator[int]:
        yield 1

    def call(value: Any = Depends(lives_long, scope=scope)) -> None: ...

    with pytest.raises(DependencyScopeError) as raised:
        get_dependant(path="/", call=call)
    assert str(raised.value) == (
        'The dependency "lives_long" has a scope of "request", it cannot depend on dependencies with '
        'scope "function".'
    )
    assert notes_of(raised.value) == [f"In parameter 'value' of {place(lives_long)}"]


def test_what_ends_with_the_function_may_use_what_does_too() -> None:
    def ends_too(value: Any = Depends(ends_early, scope="function")) -> Iterator[int]:
        yield 1

    def call(value: Any = Depends(ends_too, scope="function")) -> None: ...

    (ends,) = get_dependant(path="/", call=call).dependencies

    assert [node.scope for node in (ends, *ends.dependencies)] == ["function", "function"]


def test_a_field_without_a_place_cannot_be_filed() -> None:
    field = ModelField(name="odd", field_info=FieldInfo(annotation=int))

    with pytest.raises(
        DeclarationError, match="non-body parameters must be in path, query, header or cookie: odd"
    ):
        add_param_to_fields(field=field, dependant=Dependant())


def test_models_of_a_former_pydantic_are_refused_with_their_own_words() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        from pydantic import v1

        class Former(v1.BaseModel):
            name: str

    def call(item: Former) -> None: ...

    with pytest.raises(PydanticV1NotSupportedError) as raised:
        get_dependant(path="/", call=call)
    assert notes_of(raised.value) == [f"In parameter 'item' of {place(call)}"]


# --- flat lists


class Paging(BaseModel):
    limit: int = 10
    offset: int = 0


def test_flat_parameters_are_grouped_by_source_each_dependency_once() -> None:
    def shared(token: str = Header(), page: Paging = Query()) -> None: ...
    def other(value: Any = Depends(shared), session: str = Cookie()) -> None: ...
    def call(
        item_id: Annotated[int, Path()], a: Any = Depends(shared), b: Any = Depends(other), q: str = ""
    ) -> None: ...

    dependant = get_dependant(path="/{item_id}", call=call)

    assert names(flat_params(dependant)) == ["item_id", "q", "limit", "offset", "token", "session"]


def test_bodies_are_no_parameters() -> None:
    def call(item: Item, name: str = Form()) -> None: ...

    assert flat_params(get_dependant(path="/", call=call)) == []


def _with_text() -> "int":
    return 1


def _with_type() -> int:
    return 1


def _with_none() -> None: ...
def _without(): ...  # type: ignore[no-untyped-def]


@pytest.mark.parametrize("bare", [_with_text, _with_type, _with_none, _without])
def test_the_return_annotation_is_that_of_the_signature(bare: Callable[..., Any]) -> None:
    noted = functools.partial(bare)
    assert typed_return_annotation(bare) == typed_return_annotation(noted)
