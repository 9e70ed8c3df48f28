"""The application on Pronghorn."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

from pydantic import BaseModel, Field

from bench import settings
from pronghorn import Depends, Header, Pronghorn, Query, Request, Response
from pronghorn.middleware.cors import CORSMiddleware

app = Pronghorn(title="bench")


class Address(BaseModel):
    street: str
    city: str
    postcode: str = Field(min_length=3, max_length=10)


class Customer(BaseModel):
    name: str = Field(min_length=1, max_length=100)
    email: str
    address: Address


class Line(BaseModel):
    sku: str
    quantity: int = Field(ge=1)
    price: float = Field(ge=0)


class Order(BaseModel):
    customer: Customer
    lines: list[Line]
    note: str | None = None
    gift: bool = False


class Row(BaseModel):
    id: int
    name: str
    price: float
    tags: list[str]
    active: bool
    note: str | None


@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/items/{item_id}")
async def read_item(
    item_id: int,
    x_token: Annotated[str, Header()],
    q: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
) -> dict[str, Any]:
    return {"item_id": item_id, "q": q, "limit": limit, "token": x_token}


@app.post("/orders")
async def create_order(order: Order) -> Order:
    return order


@app.get("/rows", response_model=list[Row])
async def read_rows(start: int) -> Any:
    return settings.rows(start)


async def get_session() -> AsyncIterator[dict[str, str]]:
    session = {"session": "open"}
    yield session
    session["session"] = "closed"


Session = Annotated[dict[str, str], Depends(get_session)]


async def get_user(session: Session, x_token: Annotated[str, Header()]) -> dict[str, str]:
    return {"name": x_token, **session}


async def get_active_user(user: Annotated[dict[str, str], Depends(get_user)]) -> dict[str, str]:
    return user


@app.get("/me")
async def read_me(user: Annotated[dict[str, str], Depends(get_active_user)]) -> dict[str, str]:
    return user


def get_session_def() -> Iterator[dict[str, str]]:
    session = {"session": "open"}
    yield session
    session["session"] = "closed"


SessionDef = Annotated[dict[str, str], Depends(get_session_def)]


def get_user_def(session: SessionDef, x_token: Annotated[str, Header()]) -> dict[str, str]:
    return {"name": x_token, **session}


def get_active_user_def(user: Annotated[dict[str, str], Depends(get_user_def)]) -> dict[str, str]:
    return user


@app.get("/me-def")
async def read_me_def(user: Annotated[dict[str, str], Depends(get_active_user_def)]) -> dict[str, str]:
    return user


@app.get("/def")
def in_thread() -> dict[str, str]:
    return {"message": "Hello, World!"}


if settings.MIDDLEWARE:

    @app.middleware("http")
    async def one(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["x-one"] = "1"
        return response

    @app.middleware("http")
    async def two(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["x-two"] = "2"
        return response

    @app.middleware("http")
    async def three(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["x-three"] = "3"
        return response

    app.add_middleware(CORSMiddleware, allow_origins=[settings.ORIGIN], allow_methods=["*"])
