"""What can go wrong in a bookshop, and how it is told to the client (RFC 9457, problem details).

    BookshopError
    ├── NotFound              404
    ├── Conflict              409
    │   └── OutOfStock        409, names the books
    ├── VersionMismatch       412
    ├── CoverTooLarge         413
    └── UnusableCover         415

Code below the routers raises these and knows nothing of HTTP replies; `install` turns them into replies.
"""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from pronghorn import FastAPI, Request
from pronghorn.responses import JSONResponse


class Problem(BaseModel):
    """A problem details object (RFC 9457, section 3.1)."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class BookshopError(Exception):
    """The root of the shop's own errors.

    Args:
        detail: One sentence for the client: what was found and what to do.
        extra: Further members of the problem details object.
    """

    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request cannot be carried out"

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra

    def as_problem(self) -> Problem:
        """Return the error as a problem details object."""
        return Problem(title=self.title, status=self.status, detail=self.detail, **self.extra)


class NotFound(BookshopError):
    """There is no such book, author, cover or order."""

    status = 404
    title = "Not found"


class Conflict(BookshopError):
    """The request does not fit the present state."""

    status = 409
    title = "Conflict"


class OutOfStock(Conflict):
    """An order asks for more copies than there are. `books` lists the ids concerned."""

    title = "Out of stock"


class VersionMismatch(BookshopError):
    """`If-Match` names a version that is not the present one (RFC 9110, section 13.1.1)."""

    status = 412
    title = "Changed in the meantime"


class CoverTooLarge(BookshopError):
    """The cover is larger than the shop accepts."""

    status = 413
    title = "Cover too large"


class UnusableCover(BookshopError):
    """The cover is not a picture of a kind the shop serves."""

    status = 415
    title = "Not a usable picture"


def problems(*errors: type[BookshopError]) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a path operation that may raise `errors`, for its OpenAPI description.

    Example:
        >>> sorted(problems(NotFound, OutOfStock))
        [404, 409]
    """
    content = {"application/problem+json": {"schema": Problem.model_json_schema()}}
    return {error.status: {"description": error.title, "content": content} for error in errors}


def install(app: FastAPI) -> None:
    """Make `app` answer the shop's errors with problem details."""

    @app.exception_handler(BookshopError)
    async def tell(request: Request, error: BookshopError) -> JSONResponse:
        return reply(error)

    # Two requests changed one row, or made the same subject, at the same moment: the database let one through.
    @app.exception_handler(StaleDataError)
    @app.exception_handler(IntegrityError)
    async def tell_late(request: Request, error: StaleDataError | IntegrityError) -> JSONResponse:
        return reply(Conflict("Somebody else made a change at the same moment. Read again, then retry."))


def reply(error: BookshopError) -> JSONResponse:
    """Return the HTTP reply for `error`."""
    return JSONResponse(
        error.as_problem().model_dump(), status_code=error.status, media_type="application/problem+json"
    )
