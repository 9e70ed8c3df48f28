"""A small application, and the record of something that packages do to applications while they live.

Every change is done before an application has served anything, and after it has. What is expected
is what FastAPI 0.165.0 answers; the file uses nothing but the name `fastapi`, so that it can be run on that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse

from tests.dropin.modules import imported

PATHS = ("/item", "/in/item", "/in/deep/item")
UNCHANGED = ("item 1", "item 1", "item 1")


async def item(number: int = 1) -> Any:
    return f"item {number}"


async def other(number: int = 2) -> Any:
    return f"other {number}"


async def plain(request: Any) -> Any:
    return JSONResponse("plain")


async def refuse() -> None:
    raise imported("fastapi").HTTPException(418, "refused")


class Shop:
    """An application with the same path operation directly, included, and included twice over.

    Attributes:
        routes: the three path operations.
    """

    def __init__(self) -> None:
        fastapi = imported("fastapi")
        self.app: Any = fastapi.FastAPI()
        self.inner: Any = fastapi.APIRouter()
        self.deep: Any = fastapi.APIRouter()
        for router in (self.app.router, self.inner, self.deep):
            router.add_api_route("/item", item)
        self.inner.include_router(self.deep, prefix="/deep")
        self.app.include_router(self.inner, prefix="/in")
        self.routes: list[Any] = [
            next(route for route in router.routes if getattr(route, "path", "") == "/item")
            for router in (self.app.router, self.inner, self.deep)
        ]
        self.routers: list[Any] = [self.app.router, self.inner, self.deep]


@dataclass(frozen=True)
class Change:
    """Something done to a shop, and what it answers then.

    Attributes:
        make: does it.
        early: the JSON, or the status of an error, under each of `paths` when it was done at first.
        late: the same when requests had been served before; None: the same as early.
        theirs: what FastAPI answers late, where we answer the same as early: it does not look at an included
            router again before something is declared on it.
        paths: what is asked for.
    """

    make: Callable[[Shop], None]
    early: tuple[Any, ...]
    late: tuple[Any, ...] | None = None
    theirs: tuple[Any, ...] | None = None
    paths: Iterable[str] = PATHS


CHANGES: dict[str, Change] = {}


def change(
    *early: Any,
    late: tuple[Any, ...] | None = None,
    theirs: tuple[Any, ...] | None = None,
    paths: Iterable[str] = PATHS,
) -> Callable[[Callable[[Shop], None]], Callable[[Shop], None]]:
    def register(make: Callable[[Shop], None]) -> Callable[[Shop], None]:
        CHANGES[make.__name__] = Change(make, early, late, theirs, paths)
        return make

    return register
