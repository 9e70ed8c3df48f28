"""The application on Django Ninja."""

import asyncio
import json
import time
from typing import Annotated, Any

import django
from django.conf import settings as django_settings
from django.core.asgi import get_asgi_application
from django.http import FileResponse, StreamingHttpResponse
from django.urls import path
from django.utils.decorators import async_only_middleware

from bench import settings

HERE = "bench.applications.ninja"
MIDDLEWARE = ["corsheaders.middleware.CorsMiddleware", f"{HERE}.one", f"{HERE}.two", f"{HERE}.three"]
if not django_settings.configured:
    django_settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=HERE,
        MIDDLEWARE=MIDDLEWARE if settings.MIDDLEWARE else [],
        INSTALLED_APPS=["corsheaders"] if settings.MIDDLEWARE else [],
        CORS_ALLOWED_ORIGINS=[settings.ORIGIN],
        SECRET_KEY="bench",
        USE_I18N=False,
    )
    django.setup()

from ninja import File, Form, Header, NinjaAPI, Query, UploadedFile  # noqa: E402
from ninja.errors import HttpError  # noqa: E402

from bench.models import Item, Order, Row, WorldOut  # noqa: E402

api = NinjaAPI(title="bench")


@api.get("/hello")
async def hello(request) -> Any:
    return {"message": "Hello, World!"}


@api.get("/items/{item_id}")
async def read_item(
    request,
    item_id: int,
    x_token: Annotated[str, Header()],
    q: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
) -> Any:
    return {"item_id": item_id, "q": q, "limit": limit, "token": x_token}


@api.post("/orders", response=Order)
async def create_order(request, order: Order):
    return order


@api.post("/bulk")
async def bulk(request, items: list[Item]):
    return {"count": len(items), "total": sum(item.value for item in items)}


@api.get("/rows", response=list[Row])
async def read_rows(request, start: int):
    return settings.rows(start)


@api.get("/def")
def in_thread(request):
    return {"message": "Hello, World!"}


@api.get("/def-sleep")
def in_thread_sleeping(request):
    time.sleep(0.001)
    return {"message": "Hello, World!"}


@api.get("/await-one")
async def await_one(request):
    await asyncio.sleep(0)
    return {"message": "Hello, World!"}


@api.get("/await-three")
async def await_three(request):
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return {"message": "Hello, World!"}


@api.post("/upload")
def upload(request, title: Form[str], file: File[UploadedFile]):
    size = sum(len(chunk) for chunk in file.chunks())
    return {"title": title, "filename": file.name, "size": size}


@api.get("/download")
def download(request):
    return FileResponse(settings.FILE.open("rb"), content_type="application/octet-stream")


@api.get("/events")
async def events(request, count: int):
    async def stream():
        for n in range(count):
            data = json.dumps({"n": n, "text": f"event {n}"})
            yield f"data: {data}\n\n"
            await asyncio.sleep(settings.EVENT_PAUSE)

    return StreamingHttpResponse(stream(), content_type="text/event-stream")


def numbered(route):
    async def read_numbered(request, item_id: int):
        return {"route": route, "item_id": item_id}

    return read_numbered


for number in range(settings.ROUTES):
    api.get(f"/r{number}/{{item_id}}", operation_id=f"numbered_{number}")(numbered(number))

if settings.DATABASE:
    from bench.database import World, async_sessions

    sessions = async_sessions()

    @api.get("/row/{row_id}", response=WorldOut)
    async def read_row(request, row_id: int):
        async with sessions() as session:
            row = await session.get(World, row_id)
        if row is None:
            raise HttpError(404, "Not Found")
        return row


def adding(name, value):
    @async_only_middleware
    def middleware(get_response):
        async def add(request):
            response = await get_response(request)
            response[name] = value
            return response

        return add

    return middleware


one, two, three = adding("X-One", "1"), adding("X-Two", "2"), adding("X-Three", "3")
urlpatterns = [path("", api.urls)]
app = get_asgi_application()
