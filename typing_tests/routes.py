"""What a type checker says of path operations.

A line that ends in `# error` must be reported by mypy and by pyright, `# error: pyright` by that one
alone, every other line by neither.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, assert_type

from pydantic import BaseModel

from pronghorn import APIRouter, FastAPI, Request, Response, WebSocket
from pronghorn.responses import HTMLResponse, JSONResponse

app = FastAPI()
router = APIRouter()


class Book(BaseModel):
    title: str


@app.get("/books/{book_id}", response_model=Book, status_code=200, tags=["books"], deprecated=None)
async def read_book(book_id: int, q: str | None = None) -> Book:
    return Book(title=str(book_id))


@router.post("/books", response_class=HTMLResponse, responses={404: {"description": "gone"}}, name="add")
def add_book(book: Book) -> str:
    return book.title


@app.websocket("/ws", name="socket")
async def feed(websocket: WebSocket, room: int = 1) -> None:
    await websocket.accept()


# A decorated function keeps its type.
read: Callable[[int, str | None], Any] = read_book
assert_type(add_book(Book(title="Emma")), str)
add_book("Emma")  # error
read_book("1")  # error


# A wrong name of an option.
@app.get("/", response_modell=Book)  # error
def wrong_name() -> None: ...


@router.put("/", statuscode=201)  # error
def wrong_name_on_a_router() -> None: ...


# A wrong type of an option.
@app.get("/", status_code="200")  # error
def wrong_status() -> None: ...


@app.post("/", tags="books")  # error
def wrong_tags() -> None: ...


@app.delete("/", include_in_schema="no")  # error
def wrong_flag() -> None: ...


@app.get()  # error
def no_path() -> None: ...


@app.get(200)  # error
def wrong_path() -> None: ...


# The application's and the router's own options.
FastAPI(title="Shop", version="1", docs_url=None, openapi_tags=[{"name": "books"}])
FastAPI(titel="Shop")  # error
FastAPI(title=1)  # error
APIRouter(prefix="/books", tags=["books"])
APIRouter(prefix=1)  # error
APIRouter(prefixx="/books")  # error
app.include_router(router, prefix="/v1", tags=["v1"])
app.include_router(app)  # error
app.include_router(router, prefiks="/v1")  # error


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield


FastAPI(lifespan=lifespan)
FastAPI(lifespan="lifespan")  # error


# What is not a path operation.
@app.exception_handler(ValueError)
async def on_value_error(request: Request, error: ValueError) -> Response:
    return JSONResponse({"detail": str(error)}, status_code=400)


@app.middleware("http")
async def timed(request: Request, call_next: Callable[[Request], Any]) -> Response:
    response: Response = await call_next(request)
    return response


# Handlers of exceptions stand under statuses and classes, and may be plain functions.
class SoldOut(Exception):
    pass


async def sold_out(request: Request, error: SoldOut) -> JSONResponse:
    return JSONResponse({}, 410)


def not_found(request: Request, error: Exception) -> Response:
    return Response(status_code=404)


FastAPI(exception_handlers={404: not_found})
FastAPI(exception_handlers={SoldOut: sold_out, 404: not_found})
FastAPI(exception_handlers={"404": not_found})  # error
