"""Parameters of every kind: where they come from, how they convert, what is said when they cannot."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, Field

from pronghorn import Cookie, FastAPI, Header, Path, Query
from tests.serving import Serve

pytestmark = pytest.mark.anyio


class Colour(StrEnum):
    red = "red"
    blue = "blue"


class Page(BaseModel):
    limit: int = Field(10, le=100)
    tags: list[str] = []
    model_config = {"extra": "forbid"}


class Trace(BaseModel):
    trace_id: str
    hops: list[int] = []


class Visitor(BaseModel):
    session: str
    theme: str = "light"


app = FastAPI()


@app.get("/path/text/{value}")
def path_text(value: str) -> Any:
    return value


@app.get("/path/int/{value}")
async def path_int(value: Annotated[int, Path(ge=1)]) -> Any:
    return value


@app.get("/path/colour/{value}")
async def path_colour(value: Colour) -> Any:
    return value


@app.get("/path/two/{first}/{second}")
async def path_two(second: int, first: UUID) -> Any:
    return {"first": first, "second": second}


@app.get("/path/file/{value:path}")
async def path_file(value: str) -> Any:
    return value


@app.get("/query/kinds")
async def query_kinds(
    required: str,
    number: int = 5,
    ratio: float | None = None,
    flag: bool = False,
    price: Decimal = Decimal("1.50"),
    day: date | None = None,
    moment: datetime | None = None,
    lasting: timedelta | None = None,
    choice: Literal["a", "b"] = "a",
) -> Any:
    return [required, number, ratio, flag, price, day, moment, lasting, choice]


@app.get("/query/many")
async def query_many(
    texts: Annotated[list[str], Query(max_length=3)] = ["none"],  # noqa: B006
    numbers: Annotated[set[int] | None, Query()] = None,
) -> Any:
    return {"texts": texts, "numbers": sorted(numbers) if numbers is not None else None}


@app.get("/query/rules")
async def query_rules(
    text: Annotated[str, Query(alias="q-text", min_length=2, pattern="^[a-z]+$")],
    number: Annotated[int, Query(gt=0, lt=10, multiple_of=3)] = 3,
) -> Any:
    return {"text": text, "number": number}


@app.get("/query/model")
async def query_model(page: Annotated[Page, Query()]) -> Any:
    return page


@app.get("/header/kinds")
async def header_kinds(
    x_token: Annotated[str, Header()],
    x_number: Annotated[int | None, Header()] = None,
    x_list: Annotated[list[str] | None, Header()] = None,
    odd_name: Annotated[str | None, Header(alias="X-Odd")] = None,
    user_agent: Annotated[str | None, Header()] = None,
) -> Any:
    return [x_token, x_number, x_list, odd_name, user_agent]


@app.get("/header/underscore")
async def header_underscore(x_raw: Annotated[str | None, Header(convert_underscores=False)] = None) -> Any:
    return x_raw


@app.get("/header/model")
async def header_model(trace: Annotated[Trace, Header()]) -> Any:
    return trace


@app.get("/cookie/kinds")
async def cookie_kinds(session: Annotated[str, Cookie()], visits: Annotated[int, Cookie()] = 0) -> Any:
    return [session, visits]


@app.get("/cookie/model")
async def cookie_model(visitor: Annotated[Visitor, Cookie()]) -> Any:
    return visitor


@app.get("/all/{item}")
async def everything(item: int, q: int, x_h: Annotated[int, Header()], c: Annotated[int, Cookie()]) -> Any:
    return [item, q, x_h, c]


ID = "5b0d6fb0-90f1-4f62-9a0a-0c4d1b1b7b1a"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/path/text/ada", "ada"),
        ("/path/text/a%20b%C3%A9", "a bé"),
        ("/path/text/12", "12"),
        ("/path/text/a+b", "a+b"),
        ("/path/int/42", 42),
        ("/path/colour/red", "red"),
        (f"/path/two/{ID}/7", {"first": ID, "second": 7}),
        ("/path/file/a/b/c.txt", "a/b/c.txt"),
        ("/path/file/", ""),
        ("/path/file//etc", "/etc"),
        ("/query/kinds?required=x", ["x", 5, None, False, "1.50", None, None, None, "a"]),
        ("/query/kinds?required=&number=-1", ["", -1, None, False, "1.50", None, None, None, "a"]),
        (
            "/query/kinds?required=a%20b+c%26&ratio=0.5&flag=on&price=3.20&day=2024-02-29"
            "&moment=2024-01-02T03:04:05Z&lasting=PT90S&choice=b",
            ["a b c&", 5, 0.5, True, "3.20", "2024-02-29", "2024-01-02T03:04:05Z", "PT1M30S", "b"],
        ),
        (
            "/query/kinds?required=a&required=b&unknown=1",
            ["b", 5, None, False, "1.50", None, None, None, "a"],
        ),
        ("/query/kinds?required=%C3%A9&flag=0", ["é", 5, None, False, "1.50", None, None, None, "a"]),
        ("/query/many", {"texts": ["none"], "numbers": None}),
        ("/query/many?texts=a&texts=&numbers=2&numbers=1&numbers=2", {"texts": ["a", ""], "numbers": [1, 2]}),
        ("/query/rules?q-text=abc&number=9", {"text": "abc", "number": 9}),
        ("/query/model", {"limit": 10, "tags": []}),
        ("/query/model?limit=5&tags=a&tags=b", {"limit": 5, "tags": ["a", "b"]}),
    ],
)
async def test_path_and_query(serve: Serve, url: str, expected: Any) -> None:
    async with serve(app) as client:
        response = await client.get(url)
    assert (response.status_code, response.json()) == (200, expected)


def missing(*loc: str) -> dict[str, Any]:
    return {"type": "missing", "loc": list(loc), "msg": "Field required", "input": None}


def not_an_int(value: Any, *loc: str | int) -> dict[str, Any]:
    return {
        "type": "int_parsing",
        "loc": list(loc),
        "msg": "Input should be a valid integer, unable to parse string as an integer",
        "input": value,
    }


@pytest.mark.parametrize(
    ("url", "errors"),
    [
        ("/path/int/x", [not_an_int("x", "path", "value")]),
        (
            "/path/int/0",
            [
                {
                    "type": "greater_than_equal",
                    "loc": ["path", "value"],
                    "msg": "Input should be greater than or equal to 1",
                    "input": "0",
                    "ctx": {"ge": 1},
                }
            ],
        ),
        (
            "/path/colour/green",
            [
                {
                    "type": "enum",
                    "loc": ["path", "value"],
                    "msg": "Input should be 'red' or 'blue'",
                    "input": "green",
                    "ctx": {"expected": "'red' or 'blue'"},
                }
            ],
        ),
        ("/query/kinds", [missing("query", "required")]),
        (
            "/query/kinds?number=x&flag=perhaps",
            [
                missing("query", "required"),
                not_an_int("x", "query", "number"),
                {
                    "type": "bool_parsing",
                    "loc": ["query", "flag"],
                    "msg": "Input should be a valid boolean, unable to interpret input",
                    "input": "perhaps",
                },
            ],
        ),
        (
            "/query/many?texts=1&texts=2&texts=3&texts=4&numbers=1&numbers=x",
            [
                {
                    "type": "too_long",
                    "loc": ["query", "texts"],
                    "msg": "List should have at most 3 items after validation, not 4",
                    "input": ["1", "2", "3", "4"],
                    "ctx": {"field_type": "List", "max_length": 3, "actual_length": 4},
                },
                not_an_int("x", "query", "numbers", 1),
            ],
        ),
        (
            "/query/rules?q-text=A&number=4",
            [
                {
                    "type": "string_too_short",
                    "loc": ["query", "q-text"],
                    "msg": "String should have at least 2 characters",
                    "input": "A",
                    "ctx": {"min_length": 2},
                },
                {
                    "type": "multiple_of",
                    "loc": ["query", "number"],
                    "msg": "Input should be a multiple of 3",
                    "input": "4",
                    "ctx": {"multiple_of": 3},
                },
            ],
        ),
        (
            "/query/model?limit=101&other=1",
            [
                {
                    "type": "less_than_equal",
                    "loc": ["query", "limit"],
                    "msg": "Input should be less than or equal to 100",
                    "input": "101",
                    "ctx": {"le": 100},
                },
                {
                    "type": "extra_forbidden",
                    "loc": ["query", "other"],
                    "msg": "Extra inputs are not permitted",
                    "input": "1",
                },
            ],
        ),
        ("/header/kinds", [missing("header", "x-token")]),
        ("/header/model", [{**missing("header", "trace-id"), "input": "ANY"}]),
        ("/cookie/kinds", [missing("cookie", "session")]),
        (
            "/all/x?q=y",
            [
                not_an_int("x", "path", "item"),
                not_an_int("y", "query", "q"),
                missing("header", "x-h"),
                missing("cookie", "c"),
            ],
        ),
    ],
)
async def test_what_cannot_be_used_is_listed(serve: Serve, url: str, errors: list[dict[str, Any]]) -> None:
    async with serve(app) as client:
        response = await client.get(url)
    found = response.json()["detail"]
    for expected, item in zip(errors, found, strict=True):
        # The input of a missing header is the list of headers that this way of serving has sent.
        assert item == {
            **expected,
            "input": item["input"] if expected["input"] == "ANY" else expected["input"],
        }
    assert response.status_code == 422


async def test_headers(serve: Serve) -> None:
    headers = [
        ("X-Token", "t"),
        ("X-Number", "3"),
        ("X-List", "a"),
        ("x-list", "b"),
        ("X-Odd", "o"),
        ("User-Agent", "me"),
    ]
    async with serve(app) as client:
        response = await client.get("/header/kinds", headers=headers)
    assert response.json() == ["t", 3, ["a", "b"], "o", "me"]


async def test_a_header_matches_by_its_own_spelling_only(serve: Serve) -> None:
    async with serve(app) as client:
        assert (await client.get("/header/underscore", headers={"x-raw": "no"})).json() is None


async def test_header_model(serve: Serve) -> None:
    async with serve(app) as client:
        response = await client.get(
            "/header/model", headers=[("trace-id", "t"), ("hops", "1"), ("hops", "2")]
        )
    assert response.json() == {"trace_id": "t", "hops": [1, 2]}


async def test_cookies(serve: Serve) -> None:
    async with serve(app) as client:
        response = await client.get("/cookie/kinds", headers={"cookie": 'session="a b"; visits=3; other=1'})
        assert response.json() == ["a b", 3]
        response = await client.get("/cookie/model", headers={"cookie": "session=s"})
        assert response.json() == {"session": "s", "theme": "light"}


async def test_defaults_are_not_shared(serve: Serve) -> None:
    shared = FastAPI()

    @shared.get("/")
    async def endpoint(values: Annotated[list[str], Query()] = ["first"]) -> Any:  # noqa: B006
        values.append("added")
        return values

    async with serve(shared) as client:
        replies = [(await client.get("/")).json() for _ in range(2)]
    assert replies == [["first", "added"]] * 2
