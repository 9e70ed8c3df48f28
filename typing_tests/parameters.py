"""What a type checker says of parameters and dependencies; the marks are those of routes.py."""

from typing import Annotated, Any, assert_type

from pydantic import BaseModel

from pronghorn import (
    Body,
    Cookie,
    Depends,
    File,
    Form,
    Header,
    HTTPException,
    Path,
    Query,
    Security,
    UploadFile,
)

# A declaration stands as a default value for a parameter of any type.
assert_type(Query(), Any)
assert_type(Path(), Any)
assert_type(Header(), Any)
assert_type(Cookie(), Any)
assert_type(Body(), Any)
assert_type(Form(), Any)
assert_type(File(), Any)
assert_type(Depends(), Any)
assert_type(Security(), Any)


class Book(BaseModel):
    title: str


def session() -> str:
    return "session"


def by_default(
    q: str | None = Query(None, max_length=3),
    shelf: int = Path(ge=1),
    agent: str = Header("none", convert_underscores=True),
    book: Book = Body(embed=True),
    session: str = Depends(session, use_cache=False),
) -> None: ...


def annotated(
    q: Annotated[list[str] | None, Query(alias="query")] = None,
    upload: Annotated[UploadFile | None, File(description="cover")] = None,
    session: Annotated[str, Depends(session, scope="function")] = "",
    user: Annotated[str, Security(session, scopes=["read"])] = "",
) -> None: ...


Query(max_length="3")  # error
Query(maxlength=3)  # error
Header(convert_underscore=True)  # error
Depends(session, scope="forever")  # error
Depends(use_cache="yes")  # error
Depends("session")  # error
Security(session, scopes=5)  # error
HTTPException(404, detail="gone", headers={"X-Why": "sold"})
HTTPException("404")  # error
