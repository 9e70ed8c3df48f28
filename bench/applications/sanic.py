"""The application on Sanic."""

import asyncio
import json
import time

from pydantic import ValidationError
from sanic import NotFound, Sanic, raw
from sanic.response import json as json_response

from bench import settings
from bench.models import ITEMS, Order, Parameters, WorldOut, rows_json

app = Sanic("bench")
# sanic-ext brings CORS and OpenAPI; it costs something at every request, so only those who want it load it.
app.config.AUTO_EXTEND = settings.MIDDLEWARE or settings.OPENAPI
app.config.CORS_ORIGINS = settings.ORIGIN
app.config.KEEP_ALIVE_TIMEOUT = 75
HELLO = {"message": "Hello, World!"}


@app.exception(ValidationError)
async def unprocessable(request, error):
    return raw(error.json(include_url=False), status=422, content_type="application/json")


@app.get("/hello")
async def hello(request):
    return json_response(HELLO)


@app.get("/items/<item_id:str>")
async def read_item(request, item_id):
    found = {"item_id": item_id, **{name: values[0] for name, values in request.args.items()}}
    if "x-token" in request.headers:
        found["token"] = request.headers["x-token"]
    return raw(Parameters.model_validate(found).model_dump_json(), content_type="application/json")


@app.post("/orders")
async def create_order(request):
    order = Order.model_validate_json(request.body)
    return raw(order.model_dump_json(), content_type="application/json")


@app.post("/bulk")
async def bulk(request):
    items = ITEMS.validate_json(request.body)
    return json_response({"count": len(items), "total": sum(item.value for item in items)})


@app.get("/rows")
async def read_rows(request):
    return raw(rows_json(settings.rows(int(request.args.get("start")))), content_type="application/json")


@app.get("/def")
def in_thread(request):
    return json_response(HELLO)


def sleep():
    time.sleep(0.001)
    return HELLO


@app.get("/def-sleep")
async def in_thread_sleeping(request):
    return json_response(await asyncio.to_thread(sleep))


@app.get("/await-one")
async def await_one(request):
    await asyncio.sleep(0)
    return json_response(HELLO)


@app.get("/await-three")
async def await_three(request):
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return json_response(HELLO)


@app.post("/upload")
async def upload(request):
    file = request.files.get("file")
    return json_response({"title": request.form.get("title"), "filename": file.name, "size": len(file.body)})


app.static("/download", settings.FILE, use_content_range=True, name="download")


@app.get("/events")
async def events(request):
    response = await request.respond(content_type="text/event-stream")
    for n in range(int(request.args.get("count"))):
        data = json.dumps({"n": n, "text": f"event {n}"})
        await response.send(f"data: {data}\n\n")
        await asyncio.sleep(settings.EVENT_PAUSE)
    await response.eof()


@app.websocket("/ws/echo")
async def echo(request, socket):
    async for message in socket:
        await socket.send(message)


room = set()


@app.websocket("/ws/room")
async def broadcast(request, socket):
    room.add(socket)
    try:
        async for message in socket:
            for member in list(room):
                await member.send(message)
    finally:
        room.discard(socket)


def numbered(route):
    async def read_numbered(request, item_id):
        return json_response({"route": route, "item_id": item_id})

    return read_numbered


for number in range(settings.ROUTES):
    app.add_route(numbered(number), f"/r{number}/<item_id:int>", name=f"numbered_{number}")

if settings.DATABASE:
    from bench.database import World, async_sessions

    @app.before_server_start
    async def connect(app):
        app.ctx.sessions = async_sessions()

    @app.get("/row/<row_id:int>")
    async def read_row(request, row_id):
        async with app.ctx.sessions() as session:
            row = await session.get(World, row_id)
            if row is None:
                raise NotFound
            return json_response(WorldOut.model_validate(row).model_dump())


if settings.MIDDLEWARE:

    @app.on_response
    async def one(request, response):
        response.headers["x-one"] = "1"

    @app.on_response
    async def two(request, response):
        response.headers["x-two"] = "2"

    @app.on_response
    async def three(request, response):
        response.headers["x-three"] = "3"


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=settings.PORT, single_process=True, access_log=False, motd=False)
