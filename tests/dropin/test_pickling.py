"""Model-serving platforms carry an application into another process with cloudpickle."""

from pathlib import Path

import pytest

from tests.dropin.programs import output_of

WRITE = """\
import sys
from contextlib import asynccontextmanager
from typing import Annotated

import cloudpickle
from pydantic import BaseModel

from fastapi import APIRouter, Depends, FastAPI, Header, Request, WebSocket
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient


class Item(BaseModel):
    name: str


class OwnRoute(APIRoute):
    def get_route_handler(self):
        inner = super().get_route_handler()

        async def handler(request: Request):
            response = await inner(request)
            response.headers["x-own"] = "yes"
            return response

        return handler


@asynccontextmanager
async def lifespan(app):
    app.state.started = "started"
    yield


def token(x_token: Annotated[str, Header()] = "none"):
    return x_token


inner = APIRouter(prefix="/inner", dependencies=[Depends(token)])
deep = APIRouter(route_class=OwnRoute)


@deep.get("/deep/{key}")
async def read_deep(key: int, word: Annotated[str, Depends(token)]) -> Item:
    return Item(name=f"{key} {word}")


@inner.websocket("/ws")
async def talk(websocket: WebSocket):
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()


inner.include_router(deep)
app = FastAPI(lifespan=lifespan)
app.include_router(inner, prefix="/v1")
app.add_middleware(CORSMiddleware, allow_origins=["*"])
app.state.word = "kept"


@app.middleware("http")
async def stamp(request: Request, call_next):
    response = await call_next(request)
    response.headers["x-stamp"] = request.app.state.word
    return response


@app.exception_handler(LookupError)
async def missing(request: Request, error: LookupError):
    return JSONResponse("missing", 410)


@app.get("/fail")
def fail():
    raise LookupError


if "served" in sys.argv:
    with TestClient(app) as client:
        client.get("/v1/inner/deep/3").raise_for_status()
        client.get("/openapi.json").raise_for_status()
with open("app.pickle", "wb") as file:
    cloudpickle.dump(app, file)
"""

READ = """\
import pickle

from starlette.testclient import TestClient

with open("app.pickle", "rb") as file:
    app = pickle.load(file)
with TestClient(app) as client:
    reply = client.get("/v1/inner/deep/3", headers={"x-token": "t", "origin": "http://shop"})
    print(reply.json(), *(reply.headers[name] for name in ("x-own", "x-stamp", "access-control-allow-origin")))
    print(client.get("/fail").status_code, client.get("/v1/inner/deep/x").status_code, app.state.started)
    print(sorted(client.get("/openapi.json").json()["paths"]))
    with client.websocket_connect("/v1/inner/ws") as session:
        print(session.receive_text())
"""

READ_OUT = """\
{'name': '3 t'} yes kept *
410 422 started
['/fail', '/v1/inner/deep/{key}']
hello"""


@pytest.mark.parametrize("name", ["fastapi", "pronghorn"])
@pytest.mark.parametrize("moment", ["new", "served"])
def test_an_application_with_included_routers_arrives(tmp_path: Path, name: str, moment: str) -> None:
    (tmp_path / "write.py").write_text(WRITE.replace("from fastapi", f"from {name}"))
    (tmp_path / "read.py").write_text(READ)
    around = ["-m", "pronghorn.dropin"] if name == "fastapi" else []
    output_of(*around, "write.py", moment, cwd=tmp_path)
    assert output_of(*around, "read.py", cwd=tmp_path) == READ_OUT
