"""The application on Falcon, its ASGI side."""

import asyncio
import time

import falcon
import falcon.asgi
from pydantic import ValidationError

from bench import settings
from bench.models import ITEMS, Order, Parameters, WorldOut, rows_json

HELLO = {"message": "Hello, World!"}


class Hello:
    async def on_get(self, req, resp):
        resp.media = HELLO


class Items:
    async def on_get(self, req, resp, item_id):
        found = {"item_id": item_id, **req.params}
        if token := req.get_header("X-Token"):
            found["token"] = token
        resp.content_type = falcon.MEDIA_JSON
        resp.data = Parameters.model_validate(found).model_dump_json().encode()


class Orders:
    async def on_post(self, req, resp):
        order = Order.model_validate_json(await req.stream.read())
        resp.content_type = falcon.MEDIA_JSON
        resp.data = order.model_dump_json().encode()


class Bulk:
    async def on_post(self, req, resp):
        items = ITEMS.validate_json(await req.stream.read())
        resp.media = {"count": len(items), "total": sum(item.value for item in items)}


class Rows:
    async def on_get(self, req, resp):
        resp.content_type = falcon.MEDIA_JSON
        resp.data = rows_json(settings.rows(req.get_param_as_int("start", required=True)))


def instant():
    return HELLO


def sleep():
    time.sleep(0.001)
    return HELLO


class InThread:
    def __init__(self, work):
        self.work = falcon.util.wrap_sync_to_async(work)

    async def on_get(self, req, resp):
        resp.media = await self.work()


class Await:
    def __init__(self, times):
        self.times = times

    async def on_get(self, req, resp):
        for _ in range(self.times):
            await asyncio.sleep(0)
        resp.media = HELLO


class Upload:
    async def on_post(self, req, resp):
        result = {"size": 0}
        async for part in await req.get_media():
            if part.name == "title":
                result["title"] = await part.get_text()
                continue
            result["filename"] = part.filename
            while chunk := await part.stream.read(64 * 1024):
                result["size"] += len(chunk)
        resp.media = result


class Events:
    async def on_get(self, req, resp):
        count = req.get_param_as_int("count", required=True)

        async def stream():
            for n in range(count):
                yield falcon.asgi.SSEvent(json={"n": n, "text": f"event {n}"})
                await asyncio.sleep(settings.EVENT_PAUSE)

        resp.sse = stream()


class Echo:
    async def on_websocket(self, req, ws):
        await ws.accept()
        try:
            while True:
                await ws.send_text(await ws.receive_text())
        except falcon.WebSocketDisconnected:
            pass


class Room:
    def __init__(self):
        self.members = set()

    async def on_websocket(self, req, ws):
        await ws.accept()
        self.members.add(ws)
        try:
            while True:
                text = await ws.receive_text()
                for member in list(self.members):
                    await member.send_text(text)
        except falcon.WebSocketDisconnected:
            pass
        finally:
            self.members.discard(ws)


class Numbered:
    def __init__(self, route):
        self.route = route

    async def on_get(self, req, resp, item_id):
        resp.media = {"route": self.route, "item_id": item_id}


class WorldRow:
    def __init__(self):
        from bench.database import World, async_sessions

        self.sessions, self.world = async_sessions(), World

    async def on_get(self, req, resp, row_id):
        async with self.sessions() as session:
            row = await session.get(self.world, row_id)
            if row is None:
                raise falcon.HTTPNotFound
            resp.media = WorldOut.model_validate(row).model_dump()


class One:
    async def process_response(self, req, resp, resource, req_succeeded):
        resp.set_header("X-One", "1")


class Two:
    async def process_response(self, req, resp, resource, req_succeeded):
        resp.set_header("X-Two", "2")


class Three:
    async def process_response(self, req, resp, resource, req_succeeded):
        resp.set_header("X-Three", "3")


async def unprocessable(req, resp, error, params):
    resp.status = falcon.HTTP_422
    resp.content_type = falcon.MEDIA_JSON
    resp.data = error.json(include_url=False).encode()


middleware = [falcon.CORSMiddleware(allow_origins=settings.ORIGIN), One(), Two(), Three()]
app = falcon.asgi.App(middleware=middleware if settings.MIDDLEWARE else None)
app.add_error_handler(ValidationError, unprocessable)
app.add_route("/hello", Hello())
app.add_route("/items/{item_id}", Items())
app.add_route("/orders", Orders())
app.add_route("/bulk", Bulk())
app.add_route("/rows", Rows())
app.add_route("/def", InThread(instant))
app.add_route("/def-sleep", InThread(sleep))
app.add_route("/await-one", Await(1))
app.add_route("/await-three", Await(3))
app.add_route("/upload", Upload())
app.add_static_route("/download", settings.FILE.parent.resolve(), fallback_filename=settings.FILE.name)
app.add_route("/events", Events())
app.add_route("/ws/echo", Echo())
app.add_route("/ws/room", Room())
for number in range(settings.ROUTES):
    app.add_route(f"/r{number}/{{item_id:int}}", Numbered(number))
if settings.DATABASE:
    app.add_route("/row/{row_id:int}", WorldRow())
