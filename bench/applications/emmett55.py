"""The application on Emmett55."""

import asyncio
import time

from emmett55 import App, request, response, websocket
from emmett55.tools import service, sse
from pydantic import ValidationError

from bench import settings
from bench.models import ITEMS, Order, Parameters, WorldOut, rows_json

app = App(__name__)
app.config.request_multipart_max_size = 2**25


def json_text(text, status=200):
    response.status = status
    response.content_type = "application/json"
    return text


def unprocessable(error):
    return json_text(error.json(include_url=False), 422)


@app.route("/hello", methods="get")
@service.json
async def hello():
    return {"message": "Hello, World!"}


@app.route("/items/<str:item_id>", methods="get")
async def read_item(item_id):
    found = {"item_id": item_id, **request.query_params}
    if token := request.headers.get("x-token"):
        found["token"] = token
    try:
        return json_text(Parameters.model_validate(found).model_dump_json())
    except ValidationError as error:
        return unprocessable(error)


@app.route("/orders", methods="post")
async def create_order():
    try:
        return json_text(Order.model_validate_json(await request.body).model_dump_json())
    except ValidationError as error:
        return unprocessable(error)


@app.route("/bulk", methods="post")
async def bulk():
    try:
        items = ITEMS.validate_json(await request.body)
    except ValidationError as error:
        return unprocessable(error)
    total = sum(item.value for item in items)
    return json_text(f'{{"count": {len(items)}, "total": {total}}}')


@app.route("/rows", methods="get")
async def read_rows():
    return json_text(rows_json(settings.rows(int(request.query_params.start))).decode())


@app.route("/def", methods="get")
@service.json
def in_thread():
    return {"message": "Hello, World!"}


def sleep():
    time.sleep(0.001)
    return {"message": "Hello, World!"}


@app.route("/def-sleep", methods="get")
@service.json
async def in_thread_sleeping():
    return await asyncio.to_thread(sleep)


@app.route("/await-one", methods="get")
@service.json
async def await_one():
    await asyncio.sleep(0)
    return {"message": "Hello, World!"}


@app.route("/await-three", methods="get")
@service.json
async def await_three():
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return {"message": "Hello, World!"}


@app.route("/upload", methods="post")
@service.json
async def upload():
    parameters, files = await request.body_params, await request.files
    return {"title": parameters.title, "filename": files.file.filename, "size": files.file.size}


@app.route("/download", methods="get")
async def download():
    return response.wrap_file(settings.FILE)


@app.route("/events", methods="get")
@sse()
async def events():
    for n in range(int(request.query_params.count)):
        yield sse.Event({"n": n, "text": f"event {n}"})
        await asyncio.sleep(settings.EVENT_PAUSE)


@app.websocket("/ws/echo")
async def echo():
    await websocket.accept()
    while True:
        await websocket.send(await websocket.receive())


room = set()


@app.websocket("/ws/room")
async def broadcast():
    await websocket.accept()
    member = asyncio.Queue()
    room.add(member)

    async def listen():
        while True:
            text = await websocket.receive()
            for other in list(room):
                other.put_nowait(text)

    async def speak():
        while True:
            await websocket.send(await member.get())

    try:
        await asyncio.gather(listen(), speak())
    finally:
        room.discard(member)


def numbered(route):
    @app.route(f"/r{route}/<int:item_id>", name=f"numbered_{route}", methods="get")
    @service.json
    async def read_numbered(item_id):
        return {"route": route, "item_id": item_id}


for number in range(settings.ROUTES):
    numbered(number)

if settings.DATABASE:
    from bench.database import World, async_sessions

    sessions = async_sessions()

    @app.route("/row/<int:row_id>", methods="get")
    async def read_row(row_id):
        async with sessions() as session:
            row = await session.get(World, row_id)
        if row is None:
            return json_text("{}", 404)
        return json_text(WorldOut.model_validate(row).model_dump_json())
