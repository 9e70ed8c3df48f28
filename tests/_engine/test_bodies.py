from collections.abc import Callable
from io import BytesIO
from typing import Annotated, Any

import pytest
from pydantic import AliasChoices, BaseModel, ConfigDict
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.requests import Request

from pronghorn import Body, File, Form
from pronghorn import UploadFile as OwnUploadFile
from pronghorn._base.sentinels import Undefined
from pronghorn._compile.body import should_embed_body_fields
from pronghorn._compile.signature import get_dependant
from pronghorn._compile.wire import is_json_content_type
from pronghorn._engine.bodies import read_json_body, request_body_to_args

pytestmark = pytest.mark.anyio


class Item(BaseModel):
    name: str
    sizes: list[int] = []


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    age: int = 0


async def read(call: Callable[..., Any], received: Any) -> tuple[dict[str, Any], list[Any]]:
    """The arguments of the function's body parameters, and where the errors stand."""
    fields = get_dependant(path="/", call=call).body_params
    values, errors = await request_body_to_args(fields, received, should_embed_body_fields(fields))
    return values, [(error["type"], error["loc"]) for error in errors]


# --- reading


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("Application/JSON", True),
        ("application/geo+json", True),
        ("text/json", False),
        ("application/jsonl", False),
        ("application/octet-stream", False),
        ("nonsense", False),
    ],
)
def test_json_is_known_by_its_content_type(value: str, expected: bool) -> None:
    assert is_json_content_type(value) is expected


def request_of(body: bytes, content_type: str | None) -> Request:
    async def receive() -> Any:
        return {"type": "http.request", "body": body}

    headers = [] if content_type is None else [(b"content-type", content_type.encode())]
    return Request({"type": "http", "headers": headers}, receive)


@pytest.mark.parametrize(
    ("body", "content_type", "strict", "expected"),
    [
        (b"", "application/json", True, Undefined),
        (b'{"a": 1}', "application/json", True, {"a": 1}),
        (b'{"a": 1}', "application/vnd.a+json", True, {"a": 1}),
        (b'{"a": 1}', "text/plain", True, b'{"a": 1}'),
        (b'{"a": 1}', None, True, b'{"a": 1}'),
        (b'{"a": 1}', None, False, {"a": 1}),
        (b"null", "application/json", True, None),
    ],
)
async def test_a_body_is_parsed_when_it_says_that_it_is_json(
    body: bytes, content_type: str | None, strict: bool, expected: Any
) -> None:
    assert await read_json_body(request_of(body, content_type), strict) == expected


# --- JSON


def one(item: Item) -> None: ...
def optional(item: Item | None = None) -> None: ...
def embedded(item: Annotated[Item, Body(embed=True)]) -> None: ...
def two(item: Item, n: Annotated[int, Body()] = 3) -> None: ...
def aliased(
    n: Annotated[int, Body(validation_alias=AliasChoices("a", "b"))], m: Annotated[int, Body()] = 0
) -> None: ...


@pytest.mark.parametrize(
    ("call", "received", "values", "errors"),
    [
        (one, {"name": "a"}, {"item": Item(name="a")}, []),
        (one, {}, {"item": None}, [("missing", ("body", "name"))]),
        (one, Undefined, {"item": None}, [("missing", ("body",))]),
        (one, b"text", {"item": None}, [("model_attributes_type", ("body",))]),
        (optional, Undefined, {"item": None}, []),
        (embedded, {"item": {"name": "a"}}, {"item": Item(name="a")}, []),
        (embedded, {}, {}, [("missing", ("body", "item"))]),
        (embedded, [1], {}, [("missing", ("body", "item"))]),
        (embedded, Undefined, {}, [("missing", ("body", "item"))]),
        (embedded, b"text", {}, [("missing", ("body", "item"))]),
        (two, {"item": {"name": "a"}, "n": 4}, {"item": Item(name="a"), "n": 4}, []),
        (two, {"item": {"name": "a"}}, {"item": Item(name="a"), "n": 3}, []),
        (
            two,
            {"item": {}, "n": "x"},
            {},
            [("missing", ("body", "item", "name")), ("int_parsing", ("body", "n"))],
        ),
        (two, [1], {}, [("missing", ("body", "item")), ("missing", ("body", "n"))]),
        (two, None, {}, [("missing", ("body", "item")), ("missing", ("body", "n"))]),
        (aliased, {"b": 2}, {"n": 2, "m": 0}, []),
        (aliased, {"b": "x"}, {"m": 0}, [("int_parsing", ("body", "b"))]),
        (aliased, {}, {"m": 0}, [("missing", ("body", "a"))]),
    ],
)
async def test_json_bodies(call: Callable[..., Any], received: Any, values: Any, errors: Any) -> None:
    assert await read(call, received) == (values, errors)


# --- forms


def field(name: Annotated[str, Form()], n: Annotated[int, Form()] = 3) -> None: ...
def several(name: Annotated[list[str], Form()]) -> None: ...
def model(form: Annotated[Item, Form()]) -> None: ...
def optional_model(form: Annotated[Item | None, Form()] = None) -> None: ...
def strict_model(form: Annotated[Strict, Form()]) -> None: ...
def union(form: Annotated[Item | Strict, Form()]) -> None: ...
def model_and_field(form: Annotated[Item, Form()], n: Annotated[int, Form()]) -> None: ...


@pytest.mark.parametrize(
    ("call", "form", "values", "errors"),
    [
        (field, [("name", "a"), ("n", "4")], {"name": "a", "n": 4}, []),
        (field, [("name", "a"), ("n", "")], {"name": "a", "n": 3}, []),
        (field, [("name", "")], {"n": 3}, [("missing", ("body", "name"))]),
        (field, [("name", "a"), ("n", "x")], {"name": "a"}, [("int_parsing", ("body", "n"))]),
        (several, [("name", "a"), ("name", "b")], {"name": ["a", "b"]}, []),
        (several, [], {}, [("missing", ("body", "name"))]),
        (model, [("name", "a"), ("sizes", "1"), ("sizes", "2")], {"form": Item(name="a", sizes=[1, 2])}, []),
        (model, [], {}, [("missing", ("body", "name"))]),
        (optional_model, [], {"form": None}, []),
        (optional_model, [("other", "1")], {"form": None}, []),
        (optional_model, [("sizes", "1")], {}, [("missing", ("body", "name"))]),
        (strict_model, [("age", "3")], {"form": Strict(age=3)}, []),
        (strict_model, [("other", "3")], {}, [("extra_forbidden", ("body", "other"))]),
        (union, [("age", "3")], {"form": Strict(age=3)}, []),
        (union, [("name", "a"), ("sizes", "1")], {"form": Item(name="a", sizes=[1])}, []),
        (model_and_field, [("name", "a"), ("n", "1")], {"form": Item(name="a"), "n": 1}, []),
        (model_and_field, [], {}, [("missing", ("body", "name")), ("missing", ("body", "n"))]),
    ],
)
async def test_forms(call: Callable[..., Any], form: Any, values: Any, errors: Any) -> None:
    assert await read(call, FormData(form)) == (values, errors)


@pytest.mark.parametrize("received", [Undefined, b"text"])
async def test_what_is_no_form_has_no_fields(received: Any) -> None:
    assert await read(field, received) == ({"n": 3}, [("missing", ("body", "name"))])


# --- files


def as_bytes(file: Annotated[bytes, File()]) -> None: ...
def as_upload(file: OwnUploadFile) -> None: ...
def as_list(files: Annotated[list[bytes], File()]) -> None: ...
def as_set(files: Annotated[set[bytes], File()]) -> None: ...
def twice(
    first: Annotated[bytes, File(alias="file")], second: Annotated[bytes, File(alias="file")]
) -> None: ...


def upload(content: bytes, name: str = "a.txt") -> UploadFile:
    return UploadFile(BytesIO(content), filename=name, size=len(content), headers=Headers())


async def test_files_are_read_where_bytes_are_wanted() -> None:
    assert await read(as_bytes, FormData([("file", upload(b"text"))])) == ({"file": b"text"}, [])
    assert await read(as_list, FormData([("files", upload(b"a")), ("files", upload(b"b"))])) == (
        {"files": [b"a", b"b"]},
        [],
    )
    assert await read(as_set, FormData([("files", upload(b"a")), ("files", upload(b"a"))])) == (
        {"files": {b"a"}},
        [],
    )


async def test_text_is_taken_for_bytes_too() -> None:
    assert await read(as_bytes, FormData([("file", "text")])) == ({"file": b"text"}, [])
    assert await read(as_list, FormData([("files", "a"), ("files", upload(b"b"))])) == (
        {"files": [b"a", b"b"]},
        [],
    )


async def test_uploads_are_handed_on() -> None:
    sent = OwnUploadFile(BytesIO(b"text"), filename="a.txt", size=4)

    values, errors = await read(as_upload, FormData([("file", sent)]))

    assert errors == []
    assert values["file"] is sent


async def test_a_file_may_be_wanted_twice() -> None:
    assert await read(twice, FormData([("file", upload(b"text"))])) == (
        {"first": b"text", "second": b"text"},
        [],
    )


async def test_reading_leaves_the_position() -> None:
    sent = upload(b"text")
    await sent.seek(2)

    values, _ = await read(as_bytes, FormData([("file", sent)]))

    assert values == {"file": b"xt"}
    assert sent.file.tell() == 2


async def test_an_empty_file_was_not_sent() -> None:
    form = FormData([("file", upload(b"", name=""))])

    assert await read(as_bytes, form) == ({}, [("missing", ("body", "file"))])
