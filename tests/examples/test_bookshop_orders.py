"""Logging in, ordering, receipts."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jwt
import pytest

from examples.bookshop.settings import Settings
from pronghorn.testclient import TestClient

from .conftest import KEY, Headers, bearer

SHIP_TO = {"name": "Rosa Reader", "street": "1 Library Lane", "city": "Helsinki", "country": "FI"}


def order(shop: TestClient, headers: Headers, *lines: tuple[int, int]) -> Any:
    items = [{"book_id": book, "quantity": quantity} for book, quantity in lines]
    return shop.post("/api/orders", headers=headers, json={"items": items, "ship_to": SHIP_TO})


def stock(shop: TestClient, book: int) -> int:
    return int(shop.get(f"/api/books/{book}").json()["stock"])


@pytest.fixture
def two_books(shop: TestClient, keeper: Headers) -> tuple[int, int]:
    """Two books, of which there are five copies each, at 10.00 and 2.50 euros."""
    for book, price in ((1, "10.00"), (2, "2.50")):
        assert shop.patch(f"/api/books/{book}", headers=keeper, json={"stock": 5, "price": price}).is_success
    return 1, 2


def receipt_of(placed: dict[str, Any], settings: Settings) -> Path:
    """Wait until the receipt is on the disk (over a network, the reply comes first); return its path."""
    path = settings.data_dir / "receipts" / f"{placed['id']}.txt"
    deadline = time.monotonic() + 30
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    return path


class TestLoggingIn:
    def log_in(self, shop: TestClient, username: str, password: str, **others: str) -> Any:
        return shop.post("/api/token", data={"username": username, "password": password, **others})

    def test_grants_what_the_account_has(self, shop: TestClient) -> None:
        response = self.log_in(shop, "reader", "reader-pass")
        token = response.json()
        assert (token["token_type"], token["scope"], token["expires_in"]) == ("bearer", "me orders", 3600)
        assert response.headers["cache-control"] == "no-store"
        me = shop.get("/api/me", headers={"Authorization": f"Bearer {token['access_token']}"})
        assert me.json() == {"username": "reader", "full_name": "Rosa Reader", "scopes": ["me", "orders"]}

    def test_grants_no_more_than_is_asked_for_and_allowed(self, shop: TestClient) -> None:
        token = self.log_in(shop, "reader", "reader-pass", scope="orders books").json()
        assert token["scope"] == "orders"
        response = shop.get("/api/me", headers={"Authorization": f"Bearer {token['access_token']}"})
        assert response.status_code == 403
        assert response.headers["www-authenticate"] == 'Bearer scope="me"'

    @pytest.mark.parametrize(("username", "password"), [("reader", "wrong"), ("nobody", "reader-pass")])
    def test_tells_nothing_about_which_part_was_wrong(
        self, shop: TestClient, username: str, password: str
    ) -> None:
        response = self.log_in(shop, username, password)
        assert (response.status_code, response.json()) == (401, {"detail": "Incorrect username or password"})

    def test_needs_both_fields(self, shop: TestClient) -> None:
        response = shop.post("/api/token", data={"username": "reader", "grant_type": "magic"})
        assert [error["loc"] for error in response.json()["detail"]] == [
            ["body", "grant_type"],
            ["body", "password"],
        ]

    @pytest.mark.parametrize(
        "claims",
        [
            {"sub": "nobody", "exp": 4e9},
            {"sub": "reader", "exp": 1},
            {"sub": "reader"},
            {"exp": 4e9},
        ],
    )
    def test_refuses_tokens_that_are_no_good(self, shop: TestClient, claims: dict[str, Any]) -> None:
        token = jwt.encode(claims, KEY, algorithm="HS256")
        response = shop.get("/api/me", headers={"Authorization": f"Bearer {token}"})
        assert (response.status_code, response.json()) == (401, {"detail": "Could not validate credentials"})

    def test_refuses_tokens_signed_by_others(self, shop: TestClient) -> None:
        for key, algorithm in (("another key that is long enough for SHA-256", "HS256"), ("", "none")):
            token = jwt.encode({"sub": "keeper", "exp": 4e9, "scope": "me"}, key, algorithm=algorithm)
            assert shop.get("/api/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401
        assert shop.get("/api/me").json() == {"detail": "Not authenticated"}

    def test_a_token_cannot_carry_a_scope_the_account_does_not_have(self, shop: TestClient) -> None:
        assert shop.delete("/api/books/1", headers=bearer("reader", "books")).status_code == 403


class TestOrdering:
    def test_takes_the_books_from_stock(
        self, shop: TestClient, reader: Headers, two_books: tuple[int, int]
    ) -> None:
        response = order(shop, reader, (1, 2), (2, 1))
        assert response.status_code == 201, response.text
        placed = response.json()
        assert (placed["total"], placed["customer"]) == ("22.50", "reader")
        assert [(item["quantity"], item["unit_price"]) for item in placed["items"]] == [
            (2, "10.00"),
            (1, "2.50"),
        ]
        assert placed["ship_to"] == {**SHIP_TO, "postcode": None}
        assert response.headers["location"] == f"/api/orders/{placed['id']}"
        assert shop.get(response.headers["location"], headers=reader).json() == placed
        assert [stock(shop, book) for book in two_books] == [3, 4]

    def test_takes_all_or_nothing(
        self, shop: TestClient, reader: Headers, two_books: tuple[int, int]
    ) -> None:
        response = order(shop, reader, (1, 2), (2, 6))
        assert response.status_code == 409
        problem = response.json()
        assert (problem["title"], problem["books"]) == ("Out of stock", [2])
        assert [stock(shop, book) for book in two_books] == [5, 5]
        unknown = order(shop, reader, (1, 1), (999_999, 1))
        assert (unknown.status_code, unknown.json()["books"]) == (404, [999_999])
        assert stock(shop, 1) == 5

    def test_never_sells_a_copy_twice(
        self, shop: TestClient, reader: Headers, two_books: tuple[int, int]
    ) -> None:
        with ThreadPoolExecutor(8) as customers:
            replies = list(customers.map(lambda _: order(shop, reader, (1, 1)).status_code, range(8)))
        assert sorted(replies) == [201] * 5 + [409] * 3
        assert stock(shop, 1) == 0

    def test_an_order_changes_the_tag_of_the_book(
        self, shop: TestClient, reader: Headers, two_books: tuple[int, int]
    ) -> None:
        before = shop.get("/api/books/1").headers["etag"]
        order(shop, reader, (1, 1))
        assert shop.get("/api/books/1").headers["etag"] != before

    def test_refuses_orders_that_make_no_sense(self, shop: TestClient, reader: Headers) -> None:
        def errors(**changes: Any) -> list[Any]:
            body = {"items": [{"book_id": 1}], "ship_to": SHIP_TO, **changes}
            response = shop.post("/api/orders", headers=reader, json=body)
            assert response.status_code == 422
            return [(error["type"], error["loc"]) for error in response.json()["detail"]]

        assert errors(items=[]) == [("too_short", ["body", "items"])]
        assert errors(items=[{"book_id": 1, "quantity": 0}]) == [
            ("greater_than_equal", ["body", "items", 0, "quantity"])
        ]
        assert errors(items=[{"book_id": 1}, {"book_id": 1}]) == [("value_error", ["body"])]
        assert errors(ship_to={**SHIP_TO, "country": "Finland"}) == [
            ("string_pattern_mismatch", ["body", "ship_to", "country"])
        ]

    def test_an_old_order_outlives_its_book(
        self, shop: TestClient, reader: Headers, keeper: Headers, two_books: tuple[int, int]
    ) -> None:
        placed = order(shop, reader, (1, 1)).json()
        assert shop.delete("/api/books/1", headers=keeper).status_code == 204
        item = shop.get(f"/api/orders/{placed['id']}", headers=reader).json()["items"][0]
        assert item == {**placed["items"][0], "book_id": None}


class TestReadingOrders:
    def test_lists_ones_own_latest_first(
        self, shop: TestClient, reader: Headers, keeper: Headers, two_books: tuple[int, int]
    ) -> None:
        mine = [order(shop, reader, (1, 1)).json()["id"] for _ in range(3)]
        theirs = order(shop, keeper, (2, 1)).json()["id"]
        page = shop.get("/api/orders", headers=reader, params={"size": 2}).json()
        assert [each["id"] for each in page["items"]] == mine[:0:-1]
        assert (page["total"], page["links"]["next"]) == (3, "/api/orders?size=2&page=2")
        assert shop.get("/api/orders", headers=keeper).json()["total"] == 4
        assert shop.get(f"/api/orders/{theirs}", headers=reader).status_code == 404
        assert shop.get(f"/api/orders/{mine[0]}", headers=keeper).status_code == 200

    def test_has_a_receipt_written_in_the_background(
        self,
        shop: TestClient,
        reader: Headers,
        keeper: Headers,
        two_books: tuple[int, int],
        settings: Settings,
    ) -> None:
        placed = order(shop, reader, (1, 2)).json()
        assert receipt_of(placed, settings).exists()
        response = shop.get(f"/api/orders/{placed['id']}/receipt", headers=reader)
        assert response.headers["content-type"] == "text/plain; charset=utf-8"
        assert f"2 x    10.00  {placed['items'][0]['title']}" in response.text
        assert response.text.endswith("Total 20.00 EUR\n")

    def test_says_when_the_receipt_is_not_there_yet(
        self, shop: TestClient, reader: Headers, two_books: tuple[int, int], settings: Settings
    ) -> None:
        placed = order(shop, reader, (1, 1)).json()
        receipt_of(placed, settings).unlink()
        response = shop.get(f"/api/orders/{placed['id']}/receipt", headers=reader)
        assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")

    def test_needs_a_login(self, shop: TestClient) -> None:
        for address in ("/api/orders", "/api/orders/1", "/api/orders/1/receipt"):
            assert shop.get(address).status_code == 401
        assert order(shop, {}, (1, 1)).status_code == 401
