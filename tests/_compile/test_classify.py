from inspect import Parameter
from typing import Annotated, Any

import annotated_types
import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, Field
from pydantic.fields import FieldInfo
from starlette.background import BackgroundTasks as StarletteBackgroundTasks
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket
from typing_extensions import TypeAliasType

from pronghorn import BackgroundTasks, UploadFile
from pronghorn._base.declaration import DeclarationError
from pronghorn._base.sentinels import Undefined
from pronghorn._compile.classify import ParameterDetails, classify_parameter, injectable_attribute
from pronghorn._declare.depends import Depends
from pronghorn._declare.params import Body, Cookie, File, Form, Header, Param, Path, Query
from pronghorn._schema.field import ModelField
from pronghorn.security import SecurityScopes

EMPTY: Any = Parameter.empty


class Item(BaseModel):
    name: str


class Cat(BaseModel):
    lives: int


def classify(annotation: Any, default: Any = EMPTY, *, name: str = "x", path: str = "") -> ParameterDetails:
    return classify_parameter(
        name=name, annotation=annotation, default=default, path_param_names={path} if path else set()
    )


def field_of(annotation: Any, default: Any = EMPTY, *, name: str = "x", path: str = "") -> ModelField:
    field = classify(annotation, default, name=name, path=path).field
    assert field is not None
    return field


def kind_of(annotation: Any, default: Any = EMPTY, *, path: str = "") -> type[FieldInfo]:
    return type(field_of(annotation, default, path=path).field_info)


# --- by type


@pytest.mark.parametrize("annotation", [EMPTY, int, str | None, Annotated[int, Field(gt=0)], Any, bytes])
def test_single_values_are_read_from_the_query(annotation: Any) -> None:
    assert kind_of(annotation) is Query


@pytest.mark.parametrize("annotation", [Item, Item | None, list[int], dict[str, int], list[Item], Item | Cat])
def test_everything_composed_is_read_from_the_body(annotation: Any) -> None:
    assert kind_of(annotation) is Body


@pytest.mark.parametrize(
    "annotation", [UploadFile, UploadFile | None, list[UploadFile], Annotated[UploadFile, "cover"]]
)
def test_uploads_are_files(annotation: Any) -> None:
    assert kind_of(annotation) is File


@pytest.mark.parametrize("annotation", [EMPTY, int, str, Annotated[int, Field(gt=0)]])
def test_what_the_path_names_is_read_from_the_path(annotation: Any) -> None:
    assert kind_of(annotation, path="x") is Path


@pytest.mark.parametrize(
    "annotation",
    [
        Request,
        WebSocket,
        HTTPConnection,
        Response,
        JSONResponse,
        StarletteBackgroundTasks,
        BackgroundTasks,
        SecurityScopes,
    ],
)
def test_what_a_request_brings_is_injected(annotation: Any) -> None:
    details = classify(annotation)

    assert (details.type_annotation, details.depends, details.field) == (annotation, None, None)


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (type("OwnRequest", (Request,), {}), "request_param_name"),
        (WebSocket, "websocket_param_name"),
        (HTTPConnection, "http_connection_param_name"),
        (JSONResponse, "response_param_name"),
        (BackgroundTasks, "background_tasks_param_name"),
        (SecurityScopes, "security_scopes_param_name"),
        (int, None),
        (Request | None, None),
    ],
)
def test_an_injected_type_has_an_attribute_of_its_own(annotation: Any, expected: str | None) -> None:
    assert injectable_attribute(annotation) == expected


# --- by declaration


@pytest.mark.parametrize("marker", [Query, Header, Cookie, Body, Form, File])
def test_a_declaration_decides_wherever_it_stands(marker: Any) -> None:
    assert kind_of(Annotated[str, marker()]) is marker
    assert kind_of(str, marker()) is marker


def test_a_path_parameter_may_be_declared() -> None:
    assert kind_of(Annotated[int, Path(ge=1)], path="x") is Path
    assert kind_of(int, Path(ge=1), path="x") is Path


def test_the_last_declaration_counts() -> None:
    assert kind_of(Annotated[str, Query(), Header()]) is Header


def test_a_declaration_in_a_type_is_not_changed() -> None:
    marker = Query(alias="a")

    field = field_of(Annotated[int, marker], 3)

    assert (field.alias, field.default) == ("a", 3)
    assert marker.default is Undefined
    assert marker.annotation is None


@pytest.mark.parametrize(
    ("annotation", "default"), [(Annotated[str, Query()], "d"), (str, Query("d")), (str, "d")]
)
def test_a_default_stands_behind_the_parameter(annotation: Any, default: Any) -> None:
    field = field_of(annotation, default)

    assert (field.default, field.field_info.is_required()) == ("d", False)


@pytest.mark.parametrize(
    ("annotation", "default"),
    [(Annotated[str, Query()], EMPTY), (str, Query()), (str, EMPTY), (str, Query(...))],
)
def test_without_a_default_it_is_required(annotation: Any, default: Any) -> None:
    assert field_of(annotation, default).field_info.is_required()


def test_constraints_of_the_type_are_kept() -> None:
    field = field_of(Annotated[int, Field(gt=1), annotated_types.Lt(5)])

    assert field.validate(1, {}, loc=("query", "x"))[1][0]["type"] == "greater_than"
    assert field.validate(5, {}, loc=("query", "x"))[1][0]["type"] == "less_than"


def test_a_default_beside_constraints_is_kept() -> None:
    assert field_of(Annotated[int, Field(gt=1)], 4).default == 4


def test_a_path_parameter_takes_no_default_from_its_type() -> None:
    field = field_of(Annotated[int, Field(default_factory=lambda: 1)], path="x")

    assert field.field_info.is_required()


Alias = TypeAliasType("Alias", Annotated[int, Header()])


def test_a_type_alias_is_what_it_stands_for() -> None:
    details = classify(Alias)

    assert details.type_annotation is int
    assert details.field is not None
    assert isinstance(details.field.field_info, Header)


def test_a_bare_param_is_read_from_the_query() -> None:
    info = field_of(str, Param()).field_info

    assert isinstance(info, Param)
    assert info.in_.value == "query"


# --- names


def test_a_parameter_goes_by_its_name() -> None:
    assert field_of(int, name="limit").alias == "limit"


def test_a_header_goes_by_its_name_with_hyphens() -> None:
    assert field_of(str, Header(), name="x_token").alias == "x-token"
    assert field_of(str, Header(convert_underscores=False), name="x_token").alias == "x_token"
    assert field_of(str, Header(alias="X_Token"), name="x_token").alias == "X_Token"


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        (AliasChoices("other", "x"), "x"),
        (AliasChoices("other", "another"), AliasChoices("other", "another")),
        (AliasChoices("x", AliasPath("x", 0)), AliasChoices("x", AliasPath("x", 0))),
    ],
)
def test_among_several_aliases_of_a_path_parameter_the_one_in_the_path_counts(
    choices: AliasChoices, expected: Any
) -> None:
    field = field_of(str, Path(validation_alias=choices), path="x")

    assert field.field_info.validation_alias == expected


# --- dependencies


def function() -> None: ...


@pytest.mark.parametrize(
    ("annotation", "default"),
    [(Annotated[int, Depends(function)], EMPTY), (int, Depends(function)), (Request, Depends(function))],
)
def test_a_dependency_goes_before_the_type(annotation: Any, default: Any) -> None:
    details = classify(annotation, default)

    assert details.depends == Depends(function)
    assert details.field is None


def test_a_dependency_without_a_function_is_its_type() -> None:
    marker = Depends(max_concurrency=2)

    details = classify(Annotated[Item, marker])

    assert details.depends == Depends(Item, max_concurrency=2, _concurrency=marker._concurrency)
    assert marker.dependency is None


# --- what cannot work


ONE_OF_TWO = "Fix: keep one of the two"


@pytest.mark.parametrize(
    ("annotation", "default", "path", "message", "note"),
    [
        (
            Annotated[int, Depends(function)],
            Depends(function),
            "",
            "Cannot specify `Depends` in `Annotated` and default value together for 'x'",
            ONE_OF_TWO,
        ),
        (
            Annotated[int, Query()],
            Depends(function),
            "",
            "Cannot specify a FastAPI annotation in `Annotated` and `Depends` as a default value together for 'x'",
            ONE_OF_TWO,
        ),
        (
            Annotated[int, Query()],
            Query(),
            "",
            "Cannot specify FastAPI annotations in `Annotated` and default value together for 'x'",
            ONE_OF_TWO,
        ),
        (
            Annotated[int, Query(1)],
            EMPTY,
            "",
            "`Query` default value cannot be set in `Annotated` for 'x'. Set the default value with `=` instead.",
            None,
        ),
        (
            Annotated[int, Path()],
            1,
            "x",
            "Path parameters cannot have default values",
            "Fix: remove the default 1: a path that matches always has a value for 'x'",
        ),
        (
            Annotated[Request, Query()],
            EMPTY,
            "",
            "Cannot specify FastAPI annotation for type <class 'starlette.requests.Request'>",
            "Fix: declare it as `x: Request` alone; its type is enough",
        ),
        (
            int,
            Query(),
            "x",
            "Cannot use `Query` for path param 'x'",
            "Fix: declare it with `Path()`, or rename the parameter: {x} stands in the path",
        ),
        (
            list[int],
            EMPTY,
            "x",
            "Path params must be of one of the supported types",
            "Fix: a path holds one piece of text: use str, int, float, bool, UUID, date, an Enum or the like"
            " instead of list[int]",
        ),
        (
            list[Item],
            Query(),
            "",
            "Query parameter 'x' must be one of the supported types",
            "Fix: use a scalar, a list of scalars or a pydantic model instead of list[test_classify.Item], "
            "or read it from the body with `Body()`",
        ),
        (
            dict,
            Query(),
            "",
            "Query parameter 'x' must be one of the supported types",
            "Fix: use a scalar, a list of scalars or a pydantic model instead of dict, "
            "or read it from the body with `Body()`",
        ),
    ],
)
def test_contradictions_are_refused(
    annotation: Any, default: Any, path: str, message: str, note: str | None
) -> None:
    with pytest.raises(DeclarationError) as raised:
        classify(annotation, default, path=path)
    assert str(raised.value) == message
    notes = getattr(raised.value, "__notes__", [])
    assert notes == ([] if note is None else [note.replace("test_classify.", f"{__name__}.")])


@pytest.mark.parametrize("annotation", [list[int], set[str], Item, Item | None, int])
def test_queries_of_these_types_can_be_read(annotation: Any) -> None:
    assert kind_of(annotation, Query()) is Query
