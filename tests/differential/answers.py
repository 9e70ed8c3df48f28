"""What endpoints of made-up applications return."""

import asyncio
import datetime
import enum
from collections import OrderedDict, deque, namedtuple
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from pronghorn import Response
from pronghorn.background import BackgroundTasks
from pronghorn.responses import JSONResponse, PlainTextResponse, RedirectResponse, StreamingResponse
from tests.differential.outcomes import LOG


class Colour(enum.Enum):
    red = "red"


class Level(enum.IntEnum):
    low = 1


class Inner(BaseModel):
    when: datetime.date = datetime.date(2026, 11, 21)


class Item(BaseModel):
    name: str = Field(alias="the name", default="none")
    price: float | None = None
    inner: Inner = Inner()


class Wider(Item):
    secret: str = "hidden"


@dataclass
class Point:
    x: int = 1
    y: float = 2.5


class Attributes:
    def __init__(self) -> None:
        self.name, self.price, self._sa_state = "n", 1, "x"

    def __repr__(self) -> str:
        return "Attributes"


class Opaque:
    """Has no attributes that could be encoded."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Opaque"


Pair = namedtuple("Pair", "a b")


async def _numbers() -> AsyncIterator[bytes]:
    LOG.append("streaming")
    yield b"1"
    await asyncio.sleep(0)
    yield b"2"


def _with_background() -> Response:
    tasks = BackgroundTasks()
    tasks.add_task(LOG.append, "own background")
    return JSONResponse({"own": "background"}, background=tasks)


def _with_cookies() -> Response:
    response = PlainTextResponse("cookies", headers={"X-Own": "1"})
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")
    return response


RETURNED: dict[str, Callable[[], Any]] = {
    "none": lambda: None,
    "text": lambda: "téxt",
    "number": lambda: 10**30,
    "nan": lambda: {"x": float("nan")},
    "surrogate": lambda: ["\ud800"],
    "item": lambda: Item.model_validate({"the name": "x"}),
    "wider": lambda: Wider(price=1),
    "items": lambda: [Item(), {"the name": "y", "price": "3"}],
    "bad item": lambda: {"the name": [], "price": "x"},
    "point": lambda: Point(),
    "attributes": Attributes,
    "encoded": lambda: {
        "date": datetime.datetime(2026, 1, 2, 3, 4, 5), "delta": datetime.timedelta(hours=1), "decimal": Decimal("1.0"),
        "uuid": UUID(int=1), "set": {1}, "bytes": b"b", "path": PurePosixPath("/a"), "colour": Colour.red,
        Level.low: Level.low, "deque": deque([1]), "pair": Pair(1, 2), "_sa_x": 1, "ordered": OrderedDict(b=1, a=2),
    },
    "unencodable": lambda: {"x": Opaque()},
    "keys": lambda: {2: "a", None: "b", True: "c", 1.5: "d"},
    "response": lambda: Response(b"raw", media_type="x/y"),
    "cookies": _with_cookies,
    "background": _with_background,
    "redirect": lambda: RedirectResponse("/elsewhere?a=b c"),
    "stream": lambda: StreamingResponse(_numbers()),
}  # fmt: skip

RESPONSE_MODELS = (Item, list[Item], Item | None, dict[str, Any], str, Point, Any, Inner, dict[str, float])
