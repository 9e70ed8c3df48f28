"""Orders: place, list, read, and their receipts."""

from math import ceil
from typing import Annotated

from sqlalchemy import func, select

from pronghorn import APIRouter, BackgroundTasks, Path, Query, Request, Response, status
from pronghorn.responses import FileResponse

from ..dependencies import CurrentSettings, Feed, Session
from ..errors import NotFound, OutOfStock, problems
from ..models import Order
from ..orders import as_event, get_order, place_order, receipt_path, write_receipt
from ..schemas import OrderIn, OrderOut, Page, Paging
from ..security import Customer
from .books import page_links

router = APIRouter(prefix="/orders", tags=["orders"])

OrderId = Annotated[int, Path(ge=1, le=2**31 - 1, description="The number of an order.")]


@router.post("", status_code=status.HTTP_201_CREATED, responses=problems(NotFound, OutOfStock))
async def add_order(
    wanted: OrderIn,
    customer: Customer,
    session: Session,
    settings: CurrentSettings,
    feed: Feed,
    background: BackgroundTasks,
    request: Request,
    response: Response,
) -> OrderOut:
    """Place an order. Needs the scope `orders`. The receipt is written after the reply has gone out."""
    order = await place_order(session, customer, wanted)
    await session.commit()
    feed.publish(as_event(order))
    background.add_task(write_receipt, settings.data_dir, order)
    response.headers["Location"] = request.url_for("read_order", order_id=str(order.id)).path
    return OrderOut.model_validate(order)


@router.get("")
async def list_orders(
    wanted: Annotated[Paging, Query()], customer: Customer, request: Request, session: Session
) -> Page[OrderOut]:
    """List your orders, the latest first; with the scope `orders:all`, everybody's. Needs the scope `orders`."""
    query = select(Order)
    if "orders:all" not in customer.scopes:
        query = query.where(Order.user_id == customer.id)
    total = await session.scalar(select(func.count()).select_from(query.subquery())) or 0
    newest = query.order_by(Order.id.desc()).offset((wanted.page - 1) * wanted.size).limit(wanted.size)
    pages = ceil(total / wanted.size)
    return Page[OrderOut](
        items=[OrderOut.model_validate(order) for order in await session.scalars(newest)],
        total=total,
        page=wanted.page,
        pages=pages,
        size=wanted.size,
        links=page_links(request, wanted.page, pages),
    )


@router.get("/{order_id}", responses=problems(NotFound))
async def read_order(order_id: OrderId, customer: Customer, session: Session) -> OrderOut:
    """Show an order. Needs the scope `orders`."""
    return OrderOut.model_validate(await get_order(session, order_id, customer))


@router.get(
    "/{order_id}/receipt",
    response_class=FileResponse,
    responses={200: {"description": "The receipt", "content": {"text/plain": {}}}, **problems(NotFound)},
)
async def read_receipt(
    order_id: OrderId, customer: Customer, session: Session, settings: CurrentSettings
) -> FileResponse:
    """Send the receipt of an order as plain text. Needs the scope `orders`."""
    order = await get_order(session, order_id, customer)
    path = receipt_path(settings.data_dir, order.id)
    if not path.exists():
        raise NotFound(f"The receipt of order {order_id} has not been written yet. Try again in a moment.")
    return FileResponse(path, media_type="text/plain", filename=f"receipt-{order.id}.txt")
