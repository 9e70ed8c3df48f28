"""Replies: models and what they filter, statuses, headers, every class of response, encoding."""

import enum
import pathlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import BaseModel, Field

from pronghorn import Cookie, FastAPI, Response
from pronghorn.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
)
from tests.serving import Serve

pytestmark = pytest.mark.anyio


class Public(BaseModel):
    name: str
    nick: str | None = None
    score: float = 0.0


class Private(Public):
    password: str


class Aliased(BaseModel):
    full_name: str = Field(alias="fullName")


class Kind(enum.Enum):
    one = "one"


@dataclass
class Point:
    x: int
    y: int = 0


class Row:
    def __init__(self) -> None:
        self.name = "row"
        self.password = "secret"


app = FastAPI()

PRIVATE = Private(name="Ada", password="secret")


@app.get("/filtered")
async def filtered() -> Public:
    return PRIVATE


@app.get("/filtered/dict", response_model=Public)
async def filtered_dict() -> Any:
    return {"name": "Ada", "password": "secret", "score": "1.5"}


@app.get("/filtered/object", response_model=Public)
def filtered_object() -> Any:
    return Row()


@app.get("/filtered/list", response_model=list[Public])
async def filtered_list() -> Any:
    return [PRIVATE, {"name": "B", "x": 1}]


@app.get("/unset", response_model=Public, response_model_exclude_unset=True)
async def unset() -> Any:
    return Public(name="Ada", score=0.0)


@app.get("/defaults", response_model=Public, response_model_exclude_defaults=True)
async def defaults() -> Any:
    return Public(name="Ada", score=0.0)


@app.get("/nones", response_model=Public, response_model_exclude_none=True)
async def nones() -> Any:
    return Public(name="Ada")


@app.get("/include", response_model=Public, response_model_include={"name"})
async def include() -> Any:
    return PRIVATE


@app.get("/exclude", response_model=Public, response_model_exclude={"score", "nick"})
async def exclude() -> Any:
    return PRIVATE


@app.get("/alias")
async def alias() -> Aliased:
    return Aliased(fullName="Ada L.")


@app.get("/alias/off", response_model=Aliased, response_model_by_alias=False)
async def alias_off() -> Any:
    return {"fullName": "Ada L."}


@app.get("/no-model", response_model=None)
async def no_model() -> Public:
    return PRIVATE


@app.get("/none")
async def none() -> None:
    return None


@app.get("/wrong", response_model=Public)
async def wrong() -> Any:
    return {"score": "x"}


@app.get("/dataclass")
async def a_dataclass() -> Point:
    return Point(1)


@app.get("/encoded", response_model=None)
async def encoded() -> Any:
    return {
        "uuid": UUID(int=1),
        "date": date(2024, 2, 29),
        "moment": datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
        "time": time(3, 4),
        "lasting": timedelta(seconds=90),
        "decimals": [Decimal("1.50"), Decimal("2")],
        "enum": Kind.one,
        "path": pathlib.Path("/a/b"),
        "bytes": b"text",
        "set": {1},
        "tuple": (1, "é"),
        "model": PRIVATE,
        "dataclass": Point(1),
        "object": Row(),
        1: "number as key",
    }


@app.get("/json")
async def a_json_response() -> Any:
    return JSONResponse({"a": "é", "b": [1.0]}, status_code=202, headers={"x-own": "1"})


@app.get("/text", response_class=PlainTextResponse)
async def text() -> Any:
    return "é"


@app.get("/html", response_class=HTMLResponse)
def html() -> Any:
    return "<p>é</p>"


@app.get("/raw")
async def raw() -> Any:
    return Response(b"\x00\xff", media_type="application/x-own")


@app.get("/redirect")
async def redirect() -> Any:
    return RedirectResponse("/text?a=b c")


@app.get("/redirect/class", response_class=RedirectResponse, status_code=302)
async def redirect_class() -> Any:
    return "/text"


@app.get("/file")
async def file() -> Any:
    return FileResponse(__file__, filename="é.py", media_type="text/x-python")


@app.post("/created", status_code=201)
async def created(response: Response, seen: Annotated[str | None, Cookie()] = None) -> Any:
    response.headers["X-Own"] = "1"
    response.set_cookie("seen", "yes", httponly=True)
    response.set_cookie("other", "2")
    return {"seen": seen}


@app.get("/teapot")
def teapot(response: Response) -> Any:
    response.status_code = 418
    return "short and stout"


@app.get("/ignored")
async def ignored(response: Response) -> Any:
    response.headers["x-ignored"] = "1"
    return PlainTextResponse("own")


@app.delete("/nothing", status_code=204)
async def nothing() -> None:
    return None


@app.get("/not-modified", status_code=304)
async def not_modified() -> None:
    return None


@app.get("/sequence")
async def sequence() -> Sequence[int]:
    return (1, 2)


@app.get("/nan")
async def nan() -> dict[str, float]:
    return {"nan": float("nan"), "inf": float("inf")}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/filtered", {"name": "Ada", "nick": None, "score": 0.0}),
        ("/filtered/dict", {"name": "Ada", "nick": None, "score": 1.5}),
        ("/filtered/object", {"name": "row", "nick": None, "score": 0.0}),
        (
            "/filtered/list",
            [{"name": "Ada", "nick": None, "score": 0.0}, {"name": "B", "nick": None, "score": 0.0}],
        ),
        ("/unset", {"name": "Ada", "score": 0.0}),
        ("/defaults", {"name": "Ada"}),
        ("/nones", {"name": "Ada", "score": 0.0}),
        ("/include", {"name": "Ada"}),
        ("/exclude", {"name": "Ada"}),
        ("/alias", {"fullName": "Ada L."}),
        ("/alias/off", {"full_name": "Ada L."}),
        ("/no-model", {"name": "Ada", "nick": None, "score": 0.0, "password": "secret"}),
        ("/none", None),
        ("/dataclass", {"x": 1, "y": 0}),
        (
            "/encoded",
            {
                "uuid": "00000000-0000-0000-0000-000000000001",
                "date": "2024-02-29",
                "moment": "2024-01-02T03:04:05+00:00",
                "time": "03:04:00",
                "lasting": 90.0,
                "decimals": [1.5, 2],
                "enum": "one",
                "path": "/a/b",
                "bytes": "text",
                "set": [1],
                "tuple": [1, "é"],
                "model": {"name": "Ada", "nick": None, "score": 0.0, "password": "secret"},
                "dataclass": {"x": 1, "y": 0},
                "object": {"name": "row", "password": "secret"},
                "1": "number as key",
            },
        ),
        ("/sequence", [1, 2]),
        ("/nan", {"nan": None, "inf": None}),
    ],
)
async def test_json(serve: Serve, url: str, expected: Any) -> None:
    async with serve(app) as client:
        response = await client.get(url)
    assert (response.status_code, response.json()) == (200, expected)
    assert response.headers["content-type"] == "application/json"
    assert response.headers["content-length"] == str(len(response.content))


@pytest.mark.parametrize(
    ("url", "status", "content", "content_type"),
    [
        ("/json", 202, '{"a":"é","b":[1.0]}'.encode(), "application/json"),
        ("/text", 200, "é".encode(), "text/plain; charset=utf-8"),
        ("/html", 200, "<p>é</p>".encode(), "text/html; charset=utf-8"),
        ("/raw", 200, b"\x00\xff", "application/x-own"),
        ("/teapot", 418, b'"short and stout"', "application/json"),
        ("/ignored", 200, b"own", "text/plain; charset=utf-8"),
        ("/wrong", 500, b"Internal Server Error", "text/plain; charset=utf-8"),
    ],
)
async def test_bytes(serve: Serve, url: str, status: int, content: bytes, content_type: str) -> None:
    async with serve(app) as client:
        response = await client.get(url)
    assert (response.status_code, response.content) == (status, content)
    assert response.headers["content-type"] == content_type
    assert "x-ignored" not in response.headers


async def test_redirects(serve: Serve) -> None:
    async with serve(app) as client:
        response = await client.get("/redirect", follow_redirects=False)
        assert (response.status_code, response.headers["location"]) == (307, "/text?a=b%20c")
        response = await client.get("/redirect/class", follow_redirects=False)
        assert (response.status_code, response.headers["location"]) == (302, "/text")
        assert (await client.get("/redirect/class")).text == "é"


async def test_headers_and_cookies_of_an_injected_response(serve: Serve) -> None:
    async with serve(app) as client:
        first = await client.post("/created")
        second = await client.post("/created")
    assert (first.status_code, first.headers["x-own"], first.json()) == (201, "1", {"seen": None})
    assert first.headers.get_list("set-cookie") == [
        "seen=yes; HttpOnly; Path=/; SameSite=lax",
        "other=2; Path=/; SameSite=lax",
    ]
    assert second.json() == {"seen": "yes"}


@pytest.mark.parametrize(
    ("method", "url", "status"), [("DELETE", "/nothing", 204), ("GET", "/not-modified", 304)]
)
async def test_statuses_without_a_body(serve: Serve, method: str, url: str, status: int) -> None:
    async with serve(app) as client:
        response = await client.request(method, url)
        assert (response.status_code, response.content) == (status, b"")
        # The connection is still in step.
        assert (await client.get("/none")).json() is None


async def test_files(serve: Serve) -> None:
    content = pathlib.Path(__file__).read_bytes()
    async with serve(app) as client:
        whole = await client.get("/file")
        part = await client.get("/file", headers={"range": "bytes=3-9"})
        none = await client.get("/file", headers={"range": f"bytes={len(content)}-"})
    assert (whole.status_code, whole.content) == (200, content)
    assert whole.headers["content-disposition"] == "attachment; filename*=utf-8''%C3%A9.py"
    assert whole.headers["etag"]
    assert (part.status_code, part.content) == (206, content[3:10])
    assert part.headers["content-range"] == f"bytes 3-9/{len(content)}"
    assert none.status_code == 416


reset = FastAPI()


@reset.get("/declared", status_code=205, response_model=None)
async def reset_declared() -> Any:
    return {"of": "no use"}


@reset.get("/set")
def reset_set(response: Response) -> Any:
    response.status_code = 205
    return {"of": "no use"}


@pytest.mark.parametrize("path", ["/declared", "/set"])
async def test_a_205_tells_of_no_body(way: str, serve: Serve, path: str) -> None:
    async with serve(reset) as client:
        reply = await client.get(path)
        after = await client.get(path)

    assert (reply.status_code, reply.content) == (205, b"")
    assert reply.headers.get("content-length") in ("0", None if way == "rsgi" else "0")
    assert after.status_code == 205
