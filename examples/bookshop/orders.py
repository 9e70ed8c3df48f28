"""Placing orders and writing their receipts. No HTTP here."""

from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from .errors import NotFound, OutOfStock
from .events import OrderEvent
from .models import Book, Order, OrderItem, User
from .schemas import OrderIn


async def place_order(session: AsyncSession, user: User, wanted: OrderIn) -> Order:
    """Take the books from stock and make the order; the caller commits.

    Raises:
        NotFound: A book does not exist.
        OutOfStock: There are not enough copies of a book.
    """
    quantities = {line.book_id: line.quantity for line in wanted.items}
    found = await session.scalars(select(Book).where(Book.id.in_(quantities)))
    books = {book.id: book for book in found}
    unknown = sorted(quantities.keys() - books.keys())
    if unknown:
        raise NotFound(f"There is no book {unknown[0]}.", books=unknown)
    # In the order of ids, so that two orders for the same books cannot wait for each other for ever.
    short = [
        book_id for book_id in sorted(quantities) if not await take(session, book_id, quantities[book_id])
    ]
    if short:
        titles = ", ".join(books[book_id].title for book_id in short)
        raise OutOfStock(f"There are not enough copies of: {titles}.", books=short)
    items = [
        OrderItem(
            book_id=book_id,
            title=books[book_id].title,
            quantity=quantity,
            unit_cents=books[book_id].price_cents,
        )
        for book_id, quantity in quantities.items()
    ]
    order = Order(
        user=user,
        ship_to=wanted.ship_to.model_dump(),
        items=items,
        total_cents=sum(item.quantity * item.unit_cents for item in items),
    )
    session.add(order)
    return order


async def take(session: AsyncSession, book_id: int, quantity: int) -> bool:
    """Take copies from stock in one statement; return whether there were enough.

    Reading the stock first and writing it back would sell one copy twice.
    """
    taken = await session.scalar(
        update(Book)
        .where(Book.id == book_id, Book.stock >= quantity)
        .values(stock=Book.stock - quantity, version=Book.version + 1)
        .returning(Book.id)
        .execution_options(synchronize_session=False)
    )
    return taken is not None


async def get_order(session: AsyncSession, order_id: int, user: User) -> Order:
    """Return an order that `user` may see.

    Raises:
        NotFound: There is none, or it is somebody else's: which of the two is not told.
    """
    order = await session.get(Order, order_id)
    if order is None or (order.user_id != user.id and "orders:all" not in user.scopes):
        raise NotFound(f"There is no order {order_id}.")
    return order


def as_event(order: Order) -> OrderEvent:
    """Return what the live feed tells of an order."""
    return OrderEvent(
        id=order.id,
        placed_at=order.placed_at,
        country=order.ship_to["country"] or "",
        copies=sum(item.quantity for item in order.items),
        titles=[item.title for item in order.items],
        total=order.total,
    )


def receipt_path(data_dir: Path, order_id: int) -> Path:
    """Return where the receipt of an order is kept."""
    return data_dir / "receipts" / f"{order_id}.txt"


def write_receipt(data_dir: Path, order: Order) -> None:
    """Write the receipt of an order as plain text. Blocks on the disk: run it in a worker thread."""
    path = receipt_path(data_dir, order.id)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(receipt(order), encoding="utf-8")
    draft.replace(path)


def receipt(order: Order) -> str:
    """Return the text of a receipt."""
    lines = [f"Order {order.id}, {order.placed_at:%Y-%m-%d %H:%M} UTC", f"For {order.ship_to['name']}", ""]
    lines += [f"{item.quantity:3} x {item.unit_price:>8}  {item.title}" for item in order.items]
    return "\n".join([*lines, "", f"Total {order.total} EUR", ""])
