"""The shop on PostgreSQL, on a server started for these tests."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from examples.bookshop.main import create_app
from pronghorn.testclient import TestClient

from .conftest import Headers, shop_settings
from .test_bookshop_books import NEW_BOOK, PNG, find, titles
from .test_bookshop_orders import order, stock


def find_programs() -> Path | None:
    """Return the directory with PostgreSQL's server programs, the newest where there are several."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((path.parent for path in installed), key=lambda path: float(path.parent.name), default=None)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Start a PostgreSQL server of our own, reachable through a socket only; give the URL of its database."""
    pytest.importorskip("asyncpg", reason="asyncpg is not installed")
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL's server programs are not installed (Debian: apt-get install postgresql)")
    # PostgreSQL refuses to run as root; pytest's own directories are closed to everybody else.
    as_user: dict[str, Any] = {"user": "nobody"} if os.geteuid() == 0 else {}
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    data = home / "data"
    if as_user:
        shutil.chown(home, "nobody")

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [programs / program, *arguments], cwd=home, capture_output=True, text=True, timeout=120, **as_user
        )
        if done.returncode:
            pytest.skip(f"{program} failed, so there is no PostgreSQL here: {done.stdout}{done.stderr}")

    run("initdb", "-D", str(data), "-U", "shop", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    options = f"-k {home} -c listen_addresses='' -c fsync=off"
    run("pg_ctl", "-D", str(data), "-l", str(home / "log"), "-w", "-o", options, "start")
    try:
        yield f"postgresql://shop@/postgres?host={home}"
    finally:
        run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(home)


@pytest.fixture(scope="module")
def shop(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of a shop on PostgreSQL, shared by the tests of this module."""
    settings = shop_settings(tmp_path_factory.mktemp("shop"), database_url=server)
    with TestClient(create_app(settings)) as client:
        yield client


def test_finds_and_sorts_as_on_sqlite(shop: TestClient) -> None:
    assert titles(find(shop, q="MISERABLES hugo")) == ["Les Misérables"]
    assert find(shop, q="%")["total"] == 0
    found = titles(find(shop, q="wells", sort="title"))
    assert found.index("The Invisible Man") < found.index("Kipps") < found.index("The Time Machine")
    assert shop.get("/api/catalogue").json()["books"] == find(shop)["total"] >= 500
    assert len(shop.get("/api/books/export").text.splitlines()) == find(shop)["total"]


def test_creates_patches_and_deletes(shop: TestClient, keeper: Headers) -> None:
    made = shop.post("/api/books", headers=keeper, json=NEW_BOOK).json()
    address = f"/api/books/{made['id']}"
    patched = shop.patch(address, headers=keeper, json={"authors": [{"name": "B"}, {"name": "A"}]}).json()
    assert [author["name"] for author in patched["authors"]] == ["B", "A"]
    assert patched["version"] == made["version"] + 1
    assert shop.put(f"{address}/cover", headers=keeper, files={"file": PNG}).status_code == 200
    assert shop.delete(address, headers={**keeper, "If-Match": '"stale"'}).status_code == 412
    assert shop.delete(address, headers=keeper).status_code == 204
    assert shop.get(address).status_code == 404


def test_logs_in_and_orders(shop: TestClient) -> None:
    token = shop.post("/api/token", data={"username": "reader", "password": "reader-pass"}).json()[
        "access_token"
    ]
    headers = {"Authorization": f"Bearer {token}"}
    with shop.websocket_connect("/api/feed/orders") as socket:
        placed = order(shop, headers, (5, 1)).json()
        assert socket.receive_json()["id"] == placed["id"]
    assert placed["placed_at"].endswith("Z")
    assert shop.get(f"/api/orders/{placed['id']}/receipt", headers=headers).status_code == 200


def test_never_sells_a_copy_twice(shop: TestClient, reader: Headers, keeper: Headers) -> None:
    for book in (1, 2):
        shop.patch(f"/api/books/{book}", headers=keeper, json={"stock": 5})
    lines = [((1, 1), (2, 1)), ((2, 1), (1, 1))] * 4
    with ThreadPoolExecutor(8) as customers:
        replies = list(customers.map(lambda pair: order(shop, reader, *pair).status_code, lines))
    assert sorted(replies) == [201] * 5 + [409] * 3
    assert (stock(shop, 1), stock(shop, 2)) == (0, 0)


def test_workers_that_start_together_fill_once(shop: TestClient, server: str, tmp_path: Path) -> None:
    settings = shop_settings(tmp_path, database_url=server)
    with TestClient(create_app(settings)) as one, TestClient(create_app(settings)) as two:
        assert find(one)["total"] == find(two)["total"] == find(shop)["total"]
