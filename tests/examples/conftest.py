"""The shops that the tests visit: filled once, then copied, so that each test has its own."""

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest
from httpx2 import Client, Response

from examples.bookshop.database import Database
from examples.bookshop.main import create_app
from examples.bookshop.security import create_token
from examples.bookshop.settings import Settings
from pronghorn import FastAPI
from pronghorn.testclient import TestClient

# Where each exchange is written down, one JSON document a line, for comparing two frameworks.
TRANSCRIPT = os.environ.get("BOOKSHOP_TRANSCRIPT")

ROOT = Path(__file__).parents[2]

KEY = "a key for tests that is long enough for SHA-256"
# Headers that depend on the moment, or on the server and not on the application.
INCIDENTAL = {"connection", "date", "last-modified", "server", "transfer-encoding"}

Headers = dict[str, str]


def shop_settings(data_dir: Path, **others: Any) -> Settings:
    """Return settings for a shop of its own in `data_dir`, whatever the environment says."""
    return Settings(**{"data_dir": data_dir, "database_url": None, "secret_key": KEY, **others})


@pytest.fixture(scope="session")
def filled_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a filled database, to be copied and not changed."""
    data_dir = tmp_path_factory.mktemp("filled")

    async def fill() -> None:
        settings = shop_settings(data_dir)
        database = Database(settings.resolved_database_url())
        await database.prepare(settings)
        await database.close()

    asyncio.run(fill())
    return data_dir


@pytest.fixture
def settings(filled_shop: Path, tmp_path: Path) -> Settings:
    """Settings of a filled shop that belongs to this test."""
    return shop_settings(Path(shutil.copytree(filled_shop, tmp_path / "shop")))


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    """The application over this test's shop."""
    return create_app(settings)


@pytest.fixture
def shop(app: FastAPI, request: pytest.FixtureRequest) -> Iterator[TestClient]:
    """A client of this test's shop."""
    with serving(app) as client:
        if TRANSCRIPT:
            client.event_hooks["response"].append(recorder(Path(TRANSCRIPT), request.node.name))
        # Over the network it lacks what only the tests of the feed use: they run in process.
        yield cast(TestClient, client)


@contextmanager
def serving(app: FastAPI) -> Iterator[Client]:
    """Serve `app` in this process without a network or, if `BOOKSHOP_ON` says so, with the native server."""
    if os.environ.get("BOOKSHOP_ON") != "server":
        with TestClient(app) as client:
            yield client
        return
    from pronghorn.server import running

    with running(app) as server, Client(base_url=server.url, trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory, filled_shop: Path) -> Iterator[str]:
    """Serve a filled shop with `pronghorn run`; give its address."""
    data_dir = shutil.copytree(filled_shop, tmp_path_factory.mktemp("served") / "shop")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    command = ["run", "examples/bookshop/main.py", "--host", "127.0.0.1", "--port", str(port)]
    log = data_dir / "server.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "pronghorn", *command],
            cwd=ROOT,
            env={**os.environ, "BOOKSHOP_DATA_DIR": str(data_dir), "BOOKSHOP_SECRET_KEY": KEY},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    found = f"http://127.0.0.1:{port}"
    try:
        wait_until_it_answers(found, server, log)
        yield found
    finally:
        server.terminate()
        server.wait(timeout=30)


def wait_until_it_answers(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the shop is healthy; fail with what it printed when it ends or takes too long."""
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        try:
            if httpx2.get(f"{address}/api/health").is_success:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    pytest.fail(f"the shop did not start:\n{log.read_text()}")


def bearer(username: str, *scopes: str) -> Headers:
    """Return the header of a user who logged in and was granted `scopes`."""
    return {"Authorization": f"Bearer {create_token(username, list(scopes), timedelta(minutes=5), KEY)}"}


@pytest.fixture
def reader() -> Headers:
    """The header of a customer."""
    return bearer("reader", "me", "orders")


@pytest.fixture
def keeper() -> Headers:
    """The header of somebody who may do everything."""
    return bearer("keeper", "me", "orders", "orders:all", "books")


def recorder(path: Path, test: str) -> Callable[[Response], None]:
    """Return a hook that writes down each exchange, with what differs from run to run taken out."""

    def record(response: Response) -> None:
        response.read()
        headers = {name: value for name, value in response.headers.items() if name not in INCIDENTAL}
        if "content-encoding" in headers or "last-modified" in response.headers:
            headers.pop("content-length", None)
        exchange = {
            "test": test,
            "request": f"{response.request.method} {response.request.url.raw_path.decode()}",
            "status": response.status_code,
            "headers": headers,
            "body": response.text,
        }
        with path.open("a", encoding="utf-8") as lines:
            lines.write(timeless(json.dumps(exchange, sort_keys=True)) + "\n")

    return record


def timeless(text: str) -> str:
    """Return `text` without moments, tokens and the file tags that depend on them."""
    text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d\.\d+Z)?", "<moment>", text)
    text = re.sub(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", "<token>", text)
    return re.sub(r"\b[0-9a-f]{32}\b", "<tag>", text)
