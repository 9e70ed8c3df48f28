"""The application on Robyn."""

import asyncio
import json
import time

from pydantic import ValidationError
from robyn import ALLOW_CORS, Headers, Response, Robyn, SSEMessage, SSEResponse, serve_file
from robyn.ws import WebSocketDisconnect

from bench import settings
from bench.models import ITEMS, Order, Parameters, WorldOut, rows_json

app = Robyn(__file__)
JSON = Headers({"Content-Type": "application/json"})


def json_text(text, status=200):
    return Response(status_code=status, headers=JSON, description=text)


@app.get("/hello")
async def hello(request):
    return {"message": "Hello, World!"}


@app.get("/items/:item_id")
async def read_item(request):
    query = request.query_params
    found = {"item_id": request.path_params["item_id"], "q": query.get("q", None)}
    if limit := query.get("limit", None):
        found["limit"] = limit
    if token := request.headers.get("X-Token"):
        found["token"] = token
    try:
        return json_text(Parameters.model_validate(found).model_dump_json())
    except ValidationError as error:
        return json_text(error.json(include_url=False), 422)


@app.post("/orders")
async def create_order(order: Order):
    return json_text(order.model_dump_json())


@app.post("/bulk")
async def bulk(request):
    try:
        items = ITEMS.validate_json(request.body)
    except ValidationError as error:
        return json_text(error.json(include_url=False), 422)
    return {"count": len(items), "total": sum(item.value for item in items)}


@app.get("/rows")
async def read_rows(request):
    return json_text(rows_json(settings.rows(int(request.query_params.get("start", None)))))


@app.get("/def")
def in_thread(request):
    return {"message": "Hello, World!"}


@app.get("/def-sleep")
def in_thread_sleeping(request):
    time.sleep(0.001)
    return {"message": "Hello, World!"}


@app.get("/await-one")
async def await_one(request):
    await asyncio.sleep(0)
    return {"message": "Hello, World!"}


@app.get("/await-three")
async def await_three(request):
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return {"message": "Hello, World!"}


@app.post("/upload")
async def upload(request):
    ((filename, content),) = request.files.items()
    return {"title": request.form_data["title"], "filename": filename, "size": len(content)}


@app.get("/download")
async def download(request):
    return serve_file(str(settings.FILE))


@app.get("/events")
async def events(request):
    count = int(request.query_params.get("count", None))

    async def stream():
        for n in range(count):
            yield SSEMessage(json.dumps({"n": n, "text": f"event {n}"}))
            await asyncio.sleep(settings.EVENT_PAUSE)

    return SSEResponse(stream())


@app.websocket("/ws/echo")
async def echo(websocket):
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        pass


@app.websocket("/ws/room")
async def broadcast(websocket):
    try:
        while True:
            await websocket.broadcast(await websocket.receive_text())
    except WebSocketDisconnect:
        pass


def numbered(route):
    async def read_numbered(request):
        return {"route": route, "item_id": int(request.path_params["item_id"])}

    return read_numbered


for number in range(settings.ROUTES):
    app.get(f"/r{number}/:item_id")(numbered(number))

if settings.DATABASE:
    from bench.database import World, async_sessions

    sessions = async_sessions()

    @app.get("/row/:row_id")
    async def read_row(request):
        async with sessions() as session:
            row = await session.get(World, int(request.path_params["row_id"]))
        if row is None:
            return json_text("{}", 404)
        return json_text(WorldOut.model_validate(row).model_dump_json())


if settings.MIDDLEWARE:
    ALLOW_CORS(app, origins=[settings.ORIGIN])

    @app.after_request()
    def one(response):
        response.headers.set("X-One", "1")
        return response

    @app.after_request("/hello")
    def two(response):
        response.headers.set("X-Two", "2")
        return response

    @app.after_request("/hello")
    def three(response):
        response.headers.set("X-Three", "3")
        return response


if __name__ == "__main__":
    app.start(host="127.0.0.1", port=settings.PORT)
