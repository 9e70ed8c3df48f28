"""The application on aiohttp."""

import asyncio
import json
import time

import uvloop
from aiohttp import WSMsgType, web
from pydantic import ValidationError

from bench import settings
from bench.models import ITEMS, Order, Parameters, WorldOut, rows_json

routes = web.RouteTableDef()
HELLO = {"message": "Hello, World!"}


def json_bytes(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")


def unprocessable(error: ValidationError) -> web.Response:
    return web.Response(body=error.json(include_url=False), status=422, content_type="application/json")


@routes.get("/hello")
async def hello(request):
    return web.json_response(HELLO)


@routes.get("/items/{item_id}")
async def read_item(request):
    found = {"item_id": request.match_info["item_id"], **request.query}
    if "X-Token" in request.headers:
        found["token"] = request.headers["X-Token"]
    try:
        parameters = Parameters.model_validate(found)
    except ValidationError as error:
        return unprocessable(error)
    return json_bytes(parameters.model_dump_json().encode())


@routes.post("/orders")
async def create_order(request):
    try:
        order = Order.model_validate_json(await request.read())
    except ValidationError as error:
        return unprocessable(error)
    return json_bytes(order.model_dump_json().encode())


@routes.post("/bulk")
async def bulk(request):
    try:
        items = ITEMS.validate_json(await request.read())
    except ValidationError as error:
        return unprocessable(error)
    return web.json_response({"count": len(items), "total": sum(item.value for item in items)})


@routes.get("/rows")
async def read_rows(request):
    return json_bytes(rows_json(settings.rows(int(request.query["start"]))))


@routes.get("/def")
async def in_thread(request):
    return web.json_response(await asyncio.to_thread(lambda: HELLO))


def sleep():
    time.sleep(0.001)
    return HELLO


@routes.get("/def-sleep")
async def in_thread_sleeping(request):
    return web.json_response(await asyncio.to_thread(sleep))


@routes.get("/await-one")
async def await_one(request):
    await asyncio.sleep(0)
    return web.json_response(HELLO)


@routes.get("/await-three")
async def await_three(request):
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return web.json_response(HELLO)


@routes.post("/upload")
async def upload(request):
    result = {"size": 0}
    async for part in await request.multipart():
        if part.name == "title":
            result["title"] = await part.text()
            continue
        result["filename"] = part.filename
        while chunk := await part.read_chunk(64 * 1024):
            result["size"] += len(chunk)
    return web.json_response(result)


@routes.get("/download")
async def download(request):
    return web.FileResponse(settings.FILE)


@routes.get("/events")
async def events(request):
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    await response.prepare(request)
    for n in range(int(request.query["count"])):
        data = json.dumps({"n": n, "text": f"event {n}"})
        await response.write(f"data: {data}\n\n".encode())
        await asyncio.sleep(settings.EVENT_PAUSE)
    await response.write_eof()
    return response


@routes.get("/ws/echo")
async def echo(request):
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        if message.type == WSMsgType.TEXT:
            await socket.send_str(message.data)
    return socket


room = set()


@routes.get("/ws/room")
async def broadcast(request):
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    room.add(socket)
    try:
        async for message in socket:
            for member in list(room):
                await member.send_str(message.data)
    finally:
        room.discard(socket)
    return socket


def numbered(route):
    async def read_numbered(request):
        return web.json_response({"route": route, "item_id": int(request.match_info["item_id"])})

    return read_numbered


for number in range(settings.ROUTES):
    routes.get(f"/r{number}/{{item_id}}")(numbered(number))

if settings.DATABASE:
    from bench.database import World, async_sessions

    sessions = async_sessions()

    @routes.get("/row/{row_id}")
    async def read_row(request):
        async with sessions() as session:
            row = await session.get(World, int(request.match_info["row_id"]))
            if row is None:
                raise web.HTTPNotFound
            return json_bytes(WorldOut.model_validate(row).model_dump_json().encode())


@web.middleware
async def one(request, handler):
    response = await handler(request)
    response.headers["X-One"] = "1"
    return response


@web.middleware
async def two(request, handler):
    response = await handler(request)
    response.headers["X-Two"] = "2"
    return response


@web.middleware
async def three(request, handler):
    response = await handler(request)
    response.headers["X-Three"] = "3"
    return response


def create_app() -> web.Application:
    app = web.Application(middlewares=[one, two, three] if settings.MIDDLEWARE else [], client_max_size=2**25)
    app.add_routes(routes)
    if settings.MIDDLEWARE:
        import aiohttp_cors

        cors = aiohttp_cors.setup(app, defaults={settings.ORIGIN: aiohttp_cors.ResourceOptions()})
        for route in list(app.router.routes()):
            if route.resource.canonical == "/hello":
                cors.add(route)
    return app


if __name__ == "__main__":
    web.run_app(
        create_app(),
        host="127.0.0.1",
        port=settings.PORT,
        access_log=None,
        loop=uvloop.new_event_loop(),
        print=None,
    )
