"""The application on socketify."""

import asyncio
import json
import time

from pydantic import ValidationError
from socketify import App, AppListenOptions, OpCode, sendfile

from bench import settings
from bench.models import ITEMS, Order, Parameters, WorldOut, rows_json

app = App()
HELLO = {"message": "Hello, World!"}


def json_bytes(res, body, status=200):
    res.cork(
        lambda res: res.write_status(status).write_header("Content-Type", "application/json").end(body),
    )


def hello(res, req):
    res.end(HELLO)


def read_item(res, req):
    found = {"item_id": req.get_parameter(0), "q": req.get_query("q")}
    if limit := req.get_query("limit"):
        found["limit"] = limit
    if token := req.get_header("x-token"):
        found["token"] = token
    try:
        json_bytes(res, Parameters.model_validate(found).model_dump_json())
    except ValidationError as error:
        json_bytes(res, error.json(include_url=False), 422)


async def create_order(res, req):
    body = await res.get_data()
    try:
        json_bytes(res, Order.model_validate_json(body.getvalue()).model_dump_json())
    except ValidationError as error:
        json_bytes(res, error.json(include_url=False), 422)


async def bulk(res, req):
    body = await res.get_data()
    try:
        items = ITEMS.validate_json(body.getvalue())
    except ValidationError as error:
        json_bytes(res, error.json(include_url=False), 422)
    else:
        res.cork_end({"count": len(items), "total": sum(item.value for item in items)})


def read_rows(res, req):
    json_bytes(res, rows_json(settings.rows(int(req.get_query("start")))))


async def in_thread(res, req):
    res.cork_end(await asyncio.to_thread(lambda: HELLO))


def sleep():
    time.sleep(0.001)
    return HELLO


async def in_thread_sleeping(res, req):
    res.cork_end(await asyncio.to_thread(sleep))


async def await_one(res, req):
    await asyncio.sleep(0)
    res.cork_end(HELLO)


async def await_three(res, req):
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    res.cork_end(HELLO)


async def download(res, req):
    await sendfile(res, req, str(settings.FILE))


async def events(res, req):
    count = int(req.get_query("count"))
    res.cork(lambda res: res.write_header("Content-Type", "text/event-stream"))
    for n in range(count):
        data = json.dumps({"n": n, "text": f"event {n}"})
        res.write(f"data: {data}\n\n")
        await asyncio.sleep(settings.EVENT_PAUSE)
    res.cork_end(b"")


def echo(ws, message, opcode):
    ws.send(message, opcode)


def join(ws):
    ws.subscribe("room")


def broadcast(ws, message, opcode):
    app.publish("room", message, OpCode.TEXT)


def numbered(route):
    def read_numbered(res, req):
        res.end({"route": route, "item_id": int(req.get_parameter(0))})

    return read_numbered


app.get("/hello", hello)
app.get("/items/:item_id", read_item)
app.post("/orders", create_order)
app.post("/bulk", bulk)
app.get("/rows", read_rows)
app.get("/def", in_thread)
app.get("/def-sleep", in_thread_sleeping)
app.get("/await-one", await_one)
app.get("/await-three", await_three)
app.get("/download", download)
app.get("/events", events)
app.ws("/ws/echo", {"message": echo})
app.ws("/ws/room", {"open": join, "message": broadcast})
for number in range(settings.ROUTES):
    app.get(f"/r{number}/:item_id", numbered(number))

if settings.DATABASE:
    from bench.database import World, async_sessions

    sessions = async_sessions()

    async def read_row(res, req):
        row_id = int(req.get_parameter(0))
        async with sessions() as session:
            row = await session.get(World, row_id)
        if row is None:
            json_bytes(res, "{}", 404)
        else:
            json_bytes(res, WorldOut.model_validate(row).model_dump_json())

    app.get("/row/:row_id", read_row)

if __name__ == "__main__":
    app.listen(AppListenOptions(port=settings.PORT, host="127.0.0.1"))
    app.run()
