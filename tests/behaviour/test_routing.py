"""Which endpoint a request finds: methods, order, slashes, prefixes, mounts, hosts."""

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Host, Mount, Route, Router

from pronghorn import APIRouter, FastAPI, Request
from pronghorn.exceptions import FastAPIDeprecationWarning
from tests.serving import Serve

pytestmark = pytest.mark.anyio

app = FastAPI()


def place(request: Request) -> list[str]:
    return [request.url.path, request.scope.get("root_path", "")]


@app.get("/items/special")
async def special() -> Any:
    return "special"


@app.get("/items/{item}")
async def read(item: str) -> Any:
    return f"read {item}"


@app.get("/items/late")
async def late() -> Any:
    return "never"


@app.put("/items/{item}")
@app.patch("/items/{item}")
async def change(item: str, request: Request) -> Any:
    return f"{request.method} {item}"


@app.delete("/items/{other}")
async def delete(other: int) -> Any:
    return f"delete {other}"


@app.head("/head")
async def head() -> Any:
    return "not seen"


@app.options("/options")
async def options() -> Any:
    return "options"


@app.api_route("/several", methods=["GET", "POST"], include_in_schema=False)
async def several(request: Request) -> Any:
    return request.method


@app.get("/no-slash")
async def no_slash() -> Any:
    return "no slash"


@app.get("/slash/")
async def slash(q: str = "") -> Any:
    return f"slash {q}"


@app.get("/files/{path:path}")
async def files(path: str) -> Any:
    return path


@app.get("/typed/{number:int}")
async def typed(number: int) -> Any:
    return number


@app.get("/url/{name}", name="named")
async def url(request: Request, name: str) -> Any:
    return [str(request.url_for("named", name="x.y")), app.url_path_for("named", name="z")]


async def starlette_endpoint(request: StarletteRequest) -> Response:
    return PlainTextResponse(f"starlette {request.method}")


app.add_route("/starlette", starlette_endpoint)

child = FastAPI()


@child.get("/")
@child.get("/deep/{name}")
async def in_child(request: Request, name: str = "") -> Any:
    return [name, *place(request), request.scope["path"]]


@child.exception_handler(404)
async def child_not_found(request: Request, error: Exception) -> Response:
    return PlainTextResponse("child has no such thing", status_code=404)


app.mount("/child", child)
app.mount("/plain", Starlette(routes=[Route("/hello", starlette_endpoint)]))
app.router.routes.append(Mount("/tenant/{tenant}", app=child))
app.router.routes.append(
    Host("api.test", app=Router(routes=[Route("/by-host", starlette_endpoint)]), name="api")
)

router = APIRouter(prefix="/routed")


@router.get("")
async def at_prefix() -> Any:
    return "prefix"


@router.get("/{name}")
async def under_prefix(name: str) -> Any:
    return name


nested = APIRouter()
nested.include_router(router, prefix="/nested")
app.include_router(router)
app.include_router(nested, prefix="/v{version}")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/items/special", "special"),
        ("GET", "/items/late", "read late"),
        ("GET", "/items/a%2Fb", None),
        ("GET", "/items/%7Bitem%7D", "read {item}"),
        ("GET", "/items/a%25b", "read a%b"),
        ("PUT", "/items/late", "PUT late"),
        ("PATCH", "/items/special", "PATCH special"),
        ("DELETE", "/items/7", "delete 7"),
        ("OPTIONS", "/options", "options"),
        ("GET", "/several", "GET"),
        ("POST", "/several", "POST"),
        ("GET", "/slash/?q=1", "slash 1"),
        ("GET", "/files/", ""),
        ("GET", "/files/a//b/", "a//b/"),
        ("GET", "/typed/12", 12),
        ("GET", "/typed/x", None),
        ("GET", "/items/", None),
        ("GET", "//items/special", None),
        ("GET", "/Items/special", None),
        ("GET", "/routed", "prefix"),
        ("GET", "/routed/x", "x"),
        ("GET", "/v2/nested/routed/x", "x"),
        ("GET", "/v2/nested/routed", "prefix"),
        ("GET", "/child/", ["", "/child/", "/child", "/child/"]),
        ("GET", "/child/deep/a", ["a", "/child/deep/a", "/child", "/child/deep/a"]),
        ("GET", "/tenant/t1/deep/a", ["a", "/tenant/t1/deep/a", "/tenant/t1", "/tenant/t1/deep/a"]),
    ],
)
async def test_finds(serve: Serve, method: str, path: str, expected: Any) -> None:
    async with serve(app) as client:
        response = await client.request(method, path)
    assert (response.status_code, response.json()) == (
        (200, expected) if expected is not None else (404, {"detail": "Not Found"})
    )


async def test_a_single_slash_is_no_item(serve: Serve) -> None:
    async with serve(app) as client:
        assert (await client.get("/")).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/items/special", {"GET"}),
        ("POST", "/items/other", {"GET"}),
        ("HEAD", "/items/other", {"GET"}),
        ("OPTIONS", "/items/other", {"GET"}),
        ("GET", "/head", {"HEAD"}),
        ("DELETE", "/several", {"GET", "POST"}),
        ("TRACE", "/no-slash", {"GET"}),
    ],
)
async def test_a_method_that_is_not_allowed(serve: Serve, method: str, path: str, allow: set[str]) -> None:
    async with serve(app) as client:
        response = await client.request(method, path)
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == allow
    if method != "HEAD":
        assert response.json() == {"detail": "Method Not Allowed"}


async def test_head(serve: Serve) -> None:
    async with serve(app) as client:
        response = await client.head("/head")
        assert (response.status_code, response.content, response.headers["content-length"]) == (
            200,
            b"",
            "10",
        )
        # Starlette's own routes answer HEAD for GET.
        assert (await client.head("/starlette")).status_code == 200
        assert (await client.get("/starlette")).text == "starlette GET"


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/no-slash/", "http://h.test/no-slash"),
        ("/slash", "http://h.test/slash/"),
        ("/slash?q=1&r=a%20b", "http://h.test/slash/?q=1&r=a%20b"),
        ("/child", "http://h.test/child/"),
        ("/routed/", "http://h.test/routed"),
    ],
)
async def test_redirects_to_the_other_slash(serve: Serve, path: str, location: str) -> None:
    async with serve(app) as client:
        response = await client.get(path, headers={"host": "h.test"}, follow_redirects=False)
    assert (response.status_code, response.headers["location"], response.content) == (307, location, b"")


async def test_redirects_may_be_turned_off(serve: Serve) -> None:
    strict = FastAPI(redirect_slashes=False)
    strict.add_api_route("/slash/", slash)
    async with serve(strict) as client:
        assert (await client.get("/slash")).status_code == 404


async def test_mounts_have_handlers_of_their_own(serve: Serve) -> None:
    async with serve(app) as client:
        assert (await client.get("/child/nowhere")).text == "child has no such thing"
        assert (await client.get("/plain/hello")).text == "starlette GET"
        assert (await client.get("/plain/nowhere")).text == "Not Found"
        assert "/deep/{name}" in (await client.get("/child/openapi.json")).json()["paths"]


async def test_hosts(serve: Serve) -> None:
    async with serve(app) as client:
        response = await client.get("/by-host", headers={"host": "api.test"})
        assert response.text == "starlette GET"
        assert (await client.get("/by-host")).status_code == 404


async def test_urls(serve: Serve) -> None:
    async with serve(app) as client:
        response = await client.get("/url/a", headers={"host": "h.test"})
    assert response.json() == ["http://h.test/url/x.y", "/url/z"]


async def test_routes_added_later(serve: Serve) -> None:
    growing = FastAPI()
    included = APIRouter()
    growing.include_router(included)

    async def endpoint() -> Any:
        return "late"

    async with serve(growing) as client:
        assert (await client.get("/direct")).status_code == 404
        assert (await client.get("/included")).status_code == 404
        growing.add_api_route("/direct", endpoint)
        included.add_api_route("/included", endpoint)
        assert (await client.get("/direct")).json() == "late"
        assert (await client.get("/included")).json() == "late"


async def test_documents(serve: Serve) -> None:
    async with serve(app) as client:
        document = (await client.get("/openapi.json")).json()
        assert document["info"] == {"title": "FastAPI", "version": "0.1.0"}
        assert "/v{version}/nested/routed/{name}" in document["paths"]
        for path in ("/docs", "/redoc"):
            response = await client.get(path)
            assert (response.status_code, response.headers["content-type"]) == (
                200,
                "text/html; charset=utf-8",
            )
            assert (await client.head(path)).status_code == 200


async def test_an_application_behind_a_prefix(serve: Serve) -> None:
    with pytest.warns(FastAPIDeprecationWarning, match="root_path"):
        prefixed = FastAPI(root_path="/proxy")
    prefixed.add_api_route("/place", place)

    async with serve(prefixed) as client:
        # A proxy may strip the prefix, or not.
        assert (await client.get("/place")).json()[1] == "/proxy"
        assert (await client.get("/proxy/place")).json() == ["/proxy/place", "/proxy"]
        assert (await client.get("/openapi.json")).json()["servers"] == [{"url": "/proxy"}]
