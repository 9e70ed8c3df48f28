"""Forms and files: fields, lists, models, uploads, and what happens to broken ones."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from pronghorn import FastAPI, File, Form, Request, UploadFile
from tests.serving import Serve

pytestmark = pytest.mark.anyio


class Login(BaseModel):
    user: str
    tries: int = 1
    roles: list[str] = []


app = FastAPI()


@app.post("/fields")
async def fields(
    name: Annotated[str, Form()],
    age: Annotated[int | None, Form(ge=0)] = None,
    tags: Annotated[list[str], Form()] = ["-"],  # noqa: B006
) -> Any:
    return [name, age, tags]


@app.post("/model")
async def model(login: Annotated[Login, Form()]) -> Any:
    return login


@app.post("/file")
async def file(upload: UploadFile) -> Any:
    data = await upload.read()
    return [upload.filename, upload.content_type, len(data), upload.size]


@app.post("/sync/file")
def file_in_a_thread(upload: UploadFile) -> Any:
    return upload.file.read().decode()


@app.post("/bytes")
async def whole(data: Annotated[bytes, File()]) -> Any:
    return data.decode()


@app.post("/optional")
async def optional(upload: UploadFile | None = None) -> Any:
    return None if upload is None else upload.filename


@app.post("/many")
async def many(uploads: list[UploadFile], datas: Annotated[list[bytes], File()] = []) -> Any:  # noqa: B006
    return [[upload.filename for upload in uploads], [data.decode() for data in datas]]


@app.post("/mixed/{item}")
async def mixed(item: int, upload: UploadFile, note: Annotated[str, Form()], q: str = "") -> Any:
    return [item, (await upload.read()).decode(), note, q]


@app.post("/request")
async def by_request(request: Request) -> Any:
    async with request.form() as form:
        return sorted(form.keys())


def missing(*loc: Any, given: Any = None) -> dict[str, Any]:
    return {"type": "missing", "loc": ["body", *loc], "msg": "Field required", "input": given}


@pytest.mark.parametrize(
    ("url", "data", "status", "expected"),
    [
        ("/fields", {"name": "Ada", "age": "36", "tags": ["a", "b"]}, 200, ["Ada", 36, ["a", "b"]]),
        ("/fields", {"name": "a b&é+"}, 200, ["a b&é+", None, ["-"]]),
        ("/fields", {"name": "Ada", "age": ""}, 200, ["Ada", None, ["-"]]),
        ("/fields", {"name": ""}, 422, [missing("name")]),
        ("/fields", {}, 422, [missing("name")]),
        (
            "/fields",
            {"name": "Ada", "age": "-1"},
            422,
            [
                {
                    "type": "greater_than_equal",
                    "loc": ["body", "age"],
                    "msg": "Input should be greater than or equal to 0",
                    "input": "-1",
                    "ctx": {"ge": 0},
                }
            ],
        ),
        ("/model", {"user": "u", "roles": ["x", "y"]}, 200, {"user": "u", "tries": 1, "roles": ["x", "y"]}),
        ("/model", {"tries": "2"}, 422, [missing("user", given={"tries": "2"})]),
        ("/request", {"b": "1", "a": "2"}, 200, ["a", "b"]),
    ],
)
async def test_urlencoded_forms(
    serve: Serve, url: str, data: dict[str, Any], status: int, expected: Any
) -> None:
    async with serve(app) as client:
        response = await client.post(url, data=data)
    body = response.json()
    assert (response.status_code, body if status == 200 else body["detail"]) == (status, expected)


async def test_the_same_fields_from_a_multipart_form(serve: Serve) -> None:
    parts = [("name", (None, "Ada")), ("tags", (None, "a")), ("tags", (None, "b"))]
    async with serve(app) as client:
        response = await client.post("/fields", files=parts)
    assert response.json() == ["Ada", None, ["a", "b"]]


async def test_uploads(serve: Serve) -> None:
    async with serve(app) as client:
        response = await client.post("/file", files={"upload": ("a.txt", b"hello", "text/x-own")})
        assert response.json() == ["a.txt", "text/x-own", 5, 5]
        response = await client.post("/sync/file", files={"upload": b"hello"})
        assert response.json() == "hello"
        response = await client.post("/bytes", files={"data": b"hello"})
        assert response.json() == "hello"
        response = await client.post("/mixed/3?q=x", files={"upload": b"hello"}, data={"note": "n"})
        assert response.json() == [3, "hello", "n", "x"]


async def test_an_upload_larger_than_memory_is_meant_to_hold(serve: Serve) -> None:
    size = 3 * 1024 * 1024
    async with serve(app) as client:
        response = await client.post("/file", files={"upload": ("big", b"x" * size)})
    assert response.json() == ["big", "application/octet-stream", size, size]


async def test_several_uploads(serve: Serve) -> None:
    files = [
        ("uploads", ("a", b"1")),
        ("uploads", ("b", b"2")),
        ("datas", ("c", b"3")),
        ("datas", ("d", b"4")),
    ]
    async with serve(app) as client:
        response = await client.post("/many", files=files)
    assert response.json() == [["a", "b"], ["3", "4"]]


async def test_absent_uploads(serve: Serve) -> None:
    async with serve(app) as client:
        assert (await client.post("/optional")).json() is None
        assert (await client.post("/optional", files={"upload": ("a", b"1")})).json() == "a"
        assert (await client.post("/file")).json()["detail"] == [missing("upload")]
        assert (await client.post("/many")).json()["detail"] == [missing("uploads")]


async def test_text_where_a_file_is_expected(serve: Serve) -> None:
    async with serve(app) as client:
        response = await client.post("/file", data={"upload": "text"})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "upload"]
    assert response.json()["detail"][0]["msg"] == "Value error, Expected UploadFile, received: <class 'str'>"


async def test_a_form_of_another_content_type_is_no_form(serve: Serve) -> None:
    async with serve(app) as client:
        response = await client.post("/fields", json={"name": "Ada"})
    assert (response.status_code, response.json()["detail"]) == (422, [missing("name")])


async def test_multipart_without_a_boundary(serve: Serve) -> None:
    async with serve(app) as client:
        response = await client.post("/fields", content=b"x", headers={"content-type": "multipart/form-data"})
    assert (response.status_code, response.json()) == (400, {"detail": "Missing boundary in multipart."})


limited = FastAPI(form_limits={"max_fields": 2})


@limited.post("/fields")
async def limited_fields(a: Annotated[str, Form()]) -> Any:
    return a


async def test_form_limits(serve: Serve) -> None:
    async with serve(limited) as client:
        assert (await client.post("/fields", data={"a": "1", "b": "2"})).json() == "1"
        response = await client.post("/fields", data={"a": "1", "b": "2", "c": "3"})
    assert response.status_code == 400
    assert response.json() == {"detail": "Too many fields. Maximum number of fields is 2."}
