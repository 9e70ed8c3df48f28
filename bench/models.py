"""The data as pydantic models, for the applications of frameworks that bring none of their own."""

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class Parameters(BaseModel):
    """Path, query and header of one request."""

    item_id: int
    q: str | None = None
    limit: int = Field(10, ge=1, le=100)
    token: str


class Address(BaseModel):
    """Where somebody lives."""

    street: str
    city: str
    postcode: str = Field(min_length=3, max_length=10)


class Customer(BaseModel):
    """Who orders."""

    name: str = Field(min_length=1, max_length=100)
    email: str
    address: Address


class Line(BaseModel):
    """What is ordered."""

    sku: str
    quantity: int = Field(ge=1)
    price: float = Field(ge=0)


class Order(BaseModel):
    """The nested body."""

    customer: Customer
    lines: list[Line]
    note: str | None = None
    gift: bool = False


class Item(BaseModel):
    """One of the many in a large body."""

    id: int
    name: str
    value: float
    active: bool


class Row(BaseModel):
    """One of a hundred in a response."""

    id: int
    name: str
    price: float
    tags: list[str]
    active: bool
    note: str | None


class WorldOut(BaseModel):
    """A row of the database in a response."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    value: int


ITEMS = TypeAdapter(list[Item])
ROWS = TypeAdapter(list[Row])


def rows_json(rows: list[dict[str, object]]) -> bytes:
    """The response model at work: validate, then write."""
    return ROWS.dump_json(ROWS.validate_python(rows))
