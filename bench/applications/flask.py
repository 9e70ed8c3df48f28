"""The application on Flask."""

import json
import time

from flask import Flask, Response, abort, jsonify, request, send_file
from pydantic import ValidationError

from bench import settings
from bench.models import ITEMS, Order, Parameters, WorldOut, rows_json

app = Flask(__name__)


def json_text(body):
    return Response(body, mimetype="application/json")


@app.errorhandler(ValidationError)
def unprocessable(error):
    return Response(error.json(include_url=False), status=422, mimetype="application/json")


@app.get("/hello")
def hello():
    return {"message": "Hello, World!"}


@app.get("/items/<item_id>")
def read_item(item_id):
    found = {"item_id": item_id, **request.args}
    if "X-Token" in request.headers:
        found["token"] = request.headers["X-Token"]
    return json_text(Parameters.model_validate(found).model_dump_json())


@app.post("/orders")
def create_order():
    return json_text(Order.model_validate_json(request.get_data()).model_dump_json())


@app.post("/bulk")
def bulk():
    items = ITEMS.validate_json(request.get_data())
    return {"count": len(items), "total": sum(item.value for item in items)}


@app.get("/rows")
def read_rows():
    return json_text(rows_json(settings.rows(int(request.args["start"]))))


@app.get("/def")
def in_thread():
    return {"message": "Hello, World!"}


@app.get("/def-sleep")
def in_thread_sleeping():
    time.sleep(0.001)
    return {"message": "Hello, World!"}


@app.post("/upload")
def upload():
    file = request.files["file"]
    size = 0
    while chunk := file.stream.read(64 * 1024):
        size += len(chunk)
    return {"title": request.form["title"], "filename": file.filename, "size": size}


@app.get("/download")
def download():
    return send_file(settings.FILE, mimetype="application/octet-stream")


@app.get("/events")
def events():
    count = int(request.args["count"])

    def stream():
        for n in range(count):
            data = json.dumps({"n": n, "text": f"event {n}"})
            yield f"data: {data}\n\n"
            time.sleep(settings.EVENT_PAUSE)

    return Response(stream(), mimetype="text/event-stream")


def numbered(route):
    def read_numbered(item_id):
        return {"route": route, "item_id": item_id}

    return read_numbered


for number in range(settings.ROUTES):
    app.add_url_rule(f"/r{number}/<int:item_id>", f"numbered_{number}", numbered(number))

if settings.DATABASE:
    from bench.database import World, sessions

    make_session = sessions()

    @app.get("/row/<int:row_id>")
    def read_row(row_id):
        with make_session() as session:
            row = session.get(World, row_id)
            if row is None:
                abort(404)
            return jsonify(WorldOut.model_validate(row).model_dump())


if settings.MIDDLEWARE:
    from flask_cors import CORS

    CORS(app, origins=[settings.ORIGIN])

    @app.after_request
    def one(response):
        response.headers["X-One"] = "1"
        return response

    @app.after_request
    def two(response):
        response.headers["X-Two"] = "2"
        return response

    @app.after_request
    def three(response):
        response.headers["X-Three"] = "3"
        return response
