"""The application that is measured; the framework it imports is named by BENCH_FRAMEWORK.

Ordinary code as people write it: annotated, validated, nothing switched off.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from pronghorn import Depends, FastAPI, Header
else:
    framework = import_module(os.environ.get("BENCH_FRAMEWORK", "pronghorn"))
    Depends, FastAPI, Header = framework.Depends, framework.FastAPI, framework.Header

app = FastAPI(title="bench")


class Item(BaseModel):
    """What is posted and sent back."""

    name: str
    price: float
    tags: list[str] = []
    description: str | None = None


@app.get("/")
async def hello() -> dict[str, str]:
    """The least an endpoint can do."""
    return {"message": "Hello World"}


@app.get("/items/{item_id}")
async def read_item(item_id: int, q: str | None = None, limit: int = 10) -> dict[str, Any]:
    """One path parameter and two query parameters, converted."""
    return {"item_id": item_id, "q": q, "limit": limit}


@app.post("/items")
async def create_item(item: Item) -> Item:
    """A JSON body in, validated, and out again."""
    return item


async def token(x_token: Annotated[str, Header()]) -> str:
    """The innermost dependency: a header."""
    return x_token


async def user(token: Annotated[str, Depends(token)]) -> dict[str, str]:
    """The middle one."""
    return {"name": token}


async def active_user(user: Annotated[dict[str, str], Depends(user)]) -> dict[str, str]:
    """The outermost one."""
    return user


@app.get("/me")
async def read_me(user: Annotated[dict[str, str], Depends(active_user)]) -> dict[str, str]:
    """Three dependencies, one inside the other."""
    return user


@app.get("/thread")
def in_thread() -> dict[str, str]:
    """A `def` endpoint: it runs in a worker thread."""
    return {"message": "Hello World"}
