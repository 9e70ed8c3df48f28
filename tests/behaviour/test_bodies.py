"""JSON bodies: models, single values, embedding, what is refused and how, sizes."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from pronghorn import Body, FastAPI, Request
from tests.serving import Serve

pytestmark = pytest.mark.anyio


class Author(BaseModel):
    name: str
    born: int | None = None


class Book(BaseModel):
    title: str = Field(min_length=1)
    price: float = 1.0
    authors: list[Author] = []
    added: datetime | None = None


class Shelf(BaseModel):
    label: str = Field(alias="shelfLabel")


@dataclass
class Point:
    x: int
    y: int = 0


app = FastAPI()


@app.post("/model")
async def model(book: Book) -> Any:
    return book.model_dump(exclude_unset=True)


@app.post("/sync/model")
def model_in_a_thread(book: Book) -> Any:
    return book.model_dump(exclude_unset=True)


@app.post("/optional")
async def optional(book: Book | None = None) -> Any:
    return "none" if book is None else book.title


@app.post("/two")
async def two(book: Book, author: Author, note: Annotated[str, Body()] = "-") -> Any:
    return [book.title, author.name, note]


@app.post("/embedded")
async def embedded(book: Annotated[Book, Body(embed=True)]) -> Any:
    return book.title


@app.post("/alias")
async def alias(shelf: Shelf) -> Any:
    return shelf.label


@app.post("/dataclass")
async def with_dataclass(point: Point) -> Any:
    return [point.x, point.y]


@app.post("/list")
async def a_list(books: list[Book]) -> Any:
    return [book.title for book in books]


@app.post("/dict")
async def a_dict(weights: dict[int, float]) -> Any:
    return weights


@app.post("/scalar")
async def scalar(number: Annotated[int, Body(gt=0)]) -> Any:
    return number


@app.post("/any")
async def anything(value: Annotated[Any, Body()]) -> Any:
    return value


@app.post("/raw")
async def raw(request: Request) -> Any:
    body = await request.body()
    return {"length": len(body), "again": len(await request.body())}


@app.post("/streamed")
async def streamed(request: Request) -> Any:
    return {"length": sum([len(piece) async for piece in request.stream()])}


@app.post("/both/{item}")
async def model_and_request(item: int, book: Book, request: Request, q: str = "") -> Any:
    return [item, book.title, q, await request.json()]


@app.post("/unread")
async def unread() -> Any:
    return "not read"


@app.put("/model")
@app.patch("/model")
@app.delete("/model")
async def other_methods(book: Book, request: Request) -> Any:
    return [request.method, book.title]


lenient = FastAPI(strict_content_type=False)
lenient.add_api_route("/model", model, methods=["POST"])

BOOK = {"title": "Emma", "price": 2.5, "authors": [{"name": "Jane Austen", "born": 1775}]}


@pytest.mark.parametrize(
    ("url", "body", "expected"),
    [
        ("/model", BOOK, BOOK),
        ("/sync/model", BOOK, BOOK),
        ("/model", {"title": "é", "unknown": 1}, {"title": "é"}),
        (
            "/model",
            {"title": "T", "added": "2024-01-02T03:04:05"},
            {"title": "T", "added": "2024-01-02T03:04:05"},
        ),
        ("/optional", BOOK, "Emma"),
        ("/optional", None, "none"),
        ("/two", {"book": BOOK, "author": {"name": "A"}}, ["Emma", "A", "-"]),
        ("/two", {"book": BOOK, "author": {"name": "A"}, "note": "n"}, ["Emma", "A", "n"]),
        ("/embedded", {"book": BOOK}, "Emma"),
        ("/alias", {"shelfLabel": "A1"}, "A1"),
        ("/dataclass", {"x": 1}, [1, 0]),
        ("/list", [BOOK, {"title": "Persuasion"}], ["Emma", "Persuasion"]),
        ("/list", [], []),
        ("/dict", {"1": 2, "3": 4.5}, {"1": 2.0, "3": 4.5}),
        ("/scalar", 3, 3),
        ("/any", {"deep": [1, None, True]}, {"deep": [1, None, True]}),
        ("/both/7?q=x", {"title": "T"}, [7, "T", "x", {"title": "T"}]),
        ("/unread", BOOK, "not read"),
    ],
)
async def test_bodies(serve: Serve, url: str, body: Any, expected: Any) -> None:
    async with serve(app) as client:
        response = await client.post(url, json=body)
    assert (response.status_code, response.json()) == (200, expected)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_bodies_of_other_methods(serve: Serve, method: str) -> None:
    async with serve(app) as client:
        response = await client.request(method, "/model", json=BOOK)
    assert response.json() == [method, "Emma"]


def missing(*loc: Any, given: Any = None) -> dict[str, Any]:
    return {"type": "missing", "loc": ["body", *loc], "msg": "Field required", "input": given}


@pytest.mark.parametrize(
    ("url", "body", "errors"),
    [
        ("/model", {}, [missing("title", given={})]),
        (
            "/model",
            {"title": "", "price": "x", "authors": [{"born": 1}, {"name": "B", "born": "?"}]},
            [
                {
                    "type": "string_too_short",
                    "loc": ["body", "title"],
                    "msg": "String should have at least 1 character",
                    "input": "",
                    "ctx": {"min_length": 1},
                },
                {
                    "type": "float_parsing",
                    "loc": ["body", "price"],
                    "msg": "Input should be a valid number, unable to parse string as a number",
                    "input": "x",
                },
                missing("authors", 0, "name", given={"born": 1}),
                {
                    "type": "int_parsing",
                    "loc": ["body", "authors", 1, "born"],
                    "msg": "Input should be a valid integer, unable to parse string as an integer",
                    "input": "?",
                },
            ],
        ),
        (
            "/model",
            [BOOK],
            [
                {
                    "type": "model_attributes_type",
                    "loc": ["body"],
                    "msg": "Input should be a valid dictionary or object to extract fields from",
                    "input": [BOOK],
                }
            ],
        ),
        ("/model", None, [missing()]),
        ("/two", {"book": BOOK}, [missing("author")]),
        # No object at all: every name is missing, those with a default too.
        ("/two", [], [missing("book"), missing("author"), missing("note")]),
        ("/embedded", BOOK, [missing("book")]),
        ("/alias", {"label": "A1"}, [missing("shelfLabel", given={"label": "A1"})]),
        (
            "/list",
            {"title": "T"},
            [
                {
                    "type": "list_type",
                    "loc": ["body"],
                    "msg": "Input should be a valid list",
                    "input": {"title": "T"},
                }
            ],
        ),
        (
            "/scalar",
            0,
            [
                {
                    "type": "greater_than",
                    "loc": ["body"],
                    "msg": "Input should be greater than 0",
                    "input": 0,
                    "ctx": {"gt": 0},
                }
            ],
        ),
    ],
)
async def test_what_cannot_be_used_is_listed(serve: Serve, url: str, body: Any, errors: Any) -> None:
    async with serve(app) as client:
        response = await client.post(url, json=body)
    assert (response.status_code, response.json()) == (422, {"detail": errors})


async def test_broken_json(serve: Serve) -> None:
    async with serve(app) as client:
        response = await client.post(
            "/model", content=b'{"title": }', headers={"content-type": "application/json"}
        )
    assert (response.status_code, response.json()) == (
        422,
        {
            "detail": [
                {
                    "type": "json_invalid",
                    "loc": ["body", 10],
                    "msg": "JSON decode error",
                    "input": {},
                    "ctx": {"error": "Expecting value"},
                }
            ]
        },
    )


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("APPLICATION/JSON", 200),
        ("application/vnd.api+json", 200),
        ("application/geo+json-seq", 422),
        ("text/plain", 422),
        (None, 422),
    ],
)
async def test_only_json_is_read_as_json(serve: Serve, content_type: str | None, status: int) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    async with serve(app) as client:
        response = await client.post("/model", content=b'{"title": "T"}', headers=headers)
    assert response.status_code == status
    if status == 422:
        assert response.json()["detail"] == [
            {
                "type": "model_attributes_type",
                "loc": ["body"],
                "msg": "Input should be a valid dictionary or object to extract fields from",
                "input": '{"title": "T"}',
            }
        ]


async def test_a_lenient_application_reads_bodies_without_a_content_type(serve: Serve) -> None:
    async with serve(lenient) as client:
        response = await client.post("/model", content=b'{"title": "T"}')
    assert response.json() == {"title": "T"}


async def test_text_that_is_no_utf8(serve: Serve) -> None:
    async with serve(app) as client:
        response = await client.post(
            "/model", content=b'{"title": "\xff"}', headers={"content-type": "application/json"}
        )
    assert (response.status_code, response.json()) == (400, {"detail": "There was an error parsing the body"})


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 1_000_000, 5_000_000])
async def test_bodies_of_any_size(serve: Serve, size: int) -> None:
    async with serve(app) as client:
        response = await client.post("/raw", content=b"x" * size)
        assert response.json() == {"length": size, "again": size}
        response = await client.post("/streamed", content=b"x" * size)
        assert response.json() == {"length": size}


async def test_bodies_in_chunks(serve: Serve) -> None:
    text = json.dumps({"title": "T" * 100_000}).encode()

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(text), 10_000):
            yield text[start : start + 10_000]

    async with serve(app) as client:
        response = await client.post("/model", content=chunks(), headers={"content-type": "application/json"})
    assert response.json() == {"title": "T" * 100_000}


async def test_big_replies(serve: Serve) -> None:
    value = [{"n": n, "text": "é" * 50} for n in range(20_000)]
    async with serve(app) as client:
        response = await client.post("/any", json=value)
    assert response.json() == value


async def test_an_unread_body_does_not_disturb_the_next_request(serve: Serve) -> None:
    async with serve(app) as client:
        for _ in range(3):
            assert (await client.post("/unread", content=b"x" * 300_000)).json() == "not read"
            assert (await client.post("/scalar", json=5)).json() == 5


async def test_nothing_runs_before_the_body_is_understood(serve: Serve) -> None:
    ran = []
    strict = FastAPI()

    @strict.post("/{item}")
    async def endpoint(item: int, book: Book) -> Any:
        ran.append(item)

    async with serve(strict) as client:
        response = await client.post("/x", json={})
    assert [error["loc"] for error in response.json()["detail"]] == [["path", "item"], ["body", "title"]]
    assert ran == []


limited = FastAPI(max_body_size=100)


@limited.post("/model")
async def limited_model(value: Annotated[Any, Body()]) -> Any:
    return "read"


@limited.post("/more", max_body_size=1000)
async def limited_more(value: Annotated[Any, Body()]) -> Any:
    return "read"


async def test_body_limits(serve: Serve) -> None:
    text = json.dumps("x" * 150).encode()
    headers = {"content-type": "application/json"}

    async def chunks() -> AsyncIterator[bytes]:
        yield text[:75]
        yield text[75:]

    async with serve(limited) as client:
        assert (await client.post("/model", content=b'"small"', headers=headers)).json() == "read"
        assert (await client.post("/more", content=text, headers=headers)).json() == "read"
        declared = await client.post("/model", content=text, headers=headers)
        assert declared.status_code == 413
        streamed = await client.post("/model", content=chunks(), headers=headers)
        assert (streamed.status_code, streamed.json()) == (413, {"detail": "Content Too Large"})
