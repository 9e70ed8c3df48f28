"""What goes over the wire, as pydantic models. No queries here.

Models for input forbid unknown members, so that a misspelt one is an error and not a silent no-op.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from .languages import LANGUAGES
from .models import Subject

Item = TypeVar("Item")


def known_language(code: str) -> str:
    """Return `code` when the shop knows the language."""
    if code not in LANGUAGES:
        raise ValueError(f"unknown language code; expected one of {', '.join(LANGUAGES)}")
    return code


def all_different(names: list[str]) -> list[str]:
    """Return `names` when none occurs twice."""
    if len(set(names)) < len(names):
        raise ValueError("the same name occurs twice")
    return names


def language_record(value: Any) -> Any:
    """Turn the code kept in the database into code and name."""
    return {"code": value, "name": LANGUAGES[value]} if isinstance(value, str) else value


def subject_name(value: Any) -> Any:
    """Turn a row of the subjects table into its name."""
    return value.name if isinstance(value, Subject) else value


Year = Annotated[int, Field(ge=-3000, le=2100, description="A year; below zero is BCE (-8 is 8 BCE).")]
Title = Annotated[str, Field(min_length=1, max_length=300)]
Price = Annotated[Decimal, Field(ge=0, le=10_000, max_digits=7, decimal_places=2, description="In euros.")]
Copies = Annotated[int, Field(ge=0, le=100_000)]
LanguageCode = Annotated[str, AfterValidator(known_language), Field(examples=["en", "fr", "grc"])]
SubjectNames = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=80)]],
    AfterValidator(all_different),
    Field(max_length=10),
]


class Input(BaseModel):
    """The base of everything clients send."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class AuthorIn(Input):
    """An author, recognised by name and year of birth, or made when there is none yet."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    born: Year | None = None
    died: Year | None = None


def each_author_once(authors: list[AuthorIn]) -> list[AuthorIn]:
    """Return `authors` when nobody occurs twice."""
    if len({(author.name, author.born) for author in authors}) < len(authors):
        raise ValueError("the same author occurs twice")
    return authors


AuthorsIn = Annotated[list[AuthorIn], AfterValidator(each_author_once), Field(max_length=10)]


class BookIn(Input):
    """A book as it is to be."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "The Pronghorn: A Natural History",
                    "authors": [{"name": "Ada Ranger", "born": 1851, "died": 1930}],
                    "published": 1899,
                    "language": "en",
                    "subjects": ["Nature"],
                    "price": "12.50",
                    "stock": 3,
                }
            ]
        }
    )

    title: Title
    original_title: Title | None = None
    authors: AuthorsIn
    published: Year
    circa: Annotated[bool, Field(description="Whether the year is approximate.")] = False
    language: LanguageCode
    subjects: SubjectNames = []
    price: Price
    stock: Copies = 0


class BookPatch(Input):
    """The members of a book to change; those left out stay as they are.

    The default factories only mark members as optional: what they make is never read.
    """

    title: Title = Field(default_factory=str)
    original_title: Title | None = None
    authors: AuthorsIn = Field(default_factory=list)
    published: Year = Field(default_factory=int)
    circa: bool = Field(default_factory=bool)
    language: LanguageCode = Field(default_factory=str)
    subjects: SubjectNames = Field(default_factory=list)
    price: Price = Field(default_factory=Decimal)
    stock: Copies = Field(default_factory=int)


class Output(BaseModel):
    """The base of everything made from rows of the database."""

    model_config = ConfigDict(from_attributes=True)


class AuthorOut(Output):
    """An author. A year is null when it is unknown."""

    id: int
    name: str
    born: int | None
    died: int | None


class Language(BaseModel):
    """A language, by code and English name."""

    code: str
    name: str


class BookOut(Output):
    """A book on sale."""

    id: int
    title: str
    original_title: str | None
    authors: list[AuthorOut]
    published: int
    circa: bool
    language: Annotated[Language, BeforeValidator(language_record)]
    subjects: list[Annotated[str, BeforeValidator(subject_name)]]
    price: Annotated[Decimal, Field(decimal_places=2)]
    stock: int
    has_cover: bool
    version: Annotated[int, Field(description="Grows with every change.")]


class AuthorDetail(AuthorOut):
    """An author with the books the shop has."""

    books: list[BookOut]


class Links(BaseModel):
    """Where to go from a page; null where there is nothing."""

    next: str | None
    previous: str | None


class Page(BaseModel, Generic[Item]):
    """One page of a longer list."""

    items: list[Item]
    total: Annotated[int, Field(description="How many there are on all pages.")]
    page: int
    pages: int
    size: int
    links: Links


class Paging(Input):
    """Which page to show."""

    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    size: Annotated[int, Field(ge=1, le=100, description="How many on a page.")] = 20


class BookOrder(StrEnum):
    """How a list of books is sorted; a leading minus turns it around."""

    TITLE = "title"
    TITLE_DOWN = "-title"
    PUBLISHED = "published"
    PUBLISHED_DOWN = "-published"
    PRICE = "price"
    PRICE_DOWN = "-price"


class BookFilter(Paging):
    """Which books to list. All conditions must hold."""

    q: Annotated[
        str | None,
        Field(max_length=200, description="Words from title or author; accents and case do not matter."),
    ] = None
    author: Annotated[int | None, Field(description="The id of an author.")] = None
    language: Annotated[str | None, Field(description="A language code.")] = None
    subject: Annotated[list[str], Field(max_length=5, description="Subjects the book must all have.")] = []
    published_from: Year | None = None
    published_to: Year | None = None
    max_price: Annotated[Decimal | None, Field(ge=0)] = None
    in_stock: Annotated[
        bool | None, Field(description="True: only what can be had now. False: only what is sold out.")
    ] = None
    sort: BookOrder = BookOrder.TITLE


class Count(BaseModel):
    """A value to filter by, and how many books it finds."""

    value: str
    name: str
    books: int


class Catalogue(BaseModel):
    """The catalogue at a glance."""

    books: int
    authors: int
    earliest: int | None
    latest: int | None
    languages: list[Count]
    subjects: list[Count]


class Token(BaseModel):
    """The reply of the password flow (RFC 6749, section 5.1)."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: Annotated[int, Field(description="In seconds.")]
    scope: Annotated[str, Field(description="The scopes granted, separated by spaces.")]


class UserOut(Output):
    """An account."""

    username: str
    full_name: str
    scopes: list[str]


class Address(Input):
    """Where an order goes."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    street: Annotated[str, Field(min_length=1, max_length=200)]
    postcode: Annotated[str | None, Field(max_length=20)] = None
    city: Annotated[str, Field(min_length=1, max_length=100)]
    country: Annotated[
        str, Field(pattern="^[A-Z]{2}$", description="An ISO 3166 code of two letters.", examples=["FI"])
    ]


class OrderLine(Input):
    """How many copies of which book."""

    book_id: int
    quantity: Annotated[int, Field(ge=1, le=99)] = 1


class OrderIn(Input):
    """An order as the customer sends it."""

    items: Annotated[list[OrderLine], Field(min_length=1, max_length=20)]
    ship_to: Address

    @model_validator(mode="after")
    def each_book_once(self) -> Self:
        """Reject two lines for one book."""
        if len({line.book_id for line in self.items}) < len(self.items):
            raise ValueError("the same book is on two lines; raise the quantity of one instead")
        return self


class OrderItemOut(Output):
    """A line of an order; `book_id` is null when the shop no longer has the book."""

    book_id: int | None
    title: str
    quantity: int
    unit_price: Annotated[Decimal, Field(decimal_places=2)]


class OrderOut(Output):
    """An order that was placed."""

    id: int
    placed_at: datetime
    customer: str
    ship_to: Address
    items: list[OrderItemOut]
    total: Annotated[Decimal, Field(decimal_places=2)]
