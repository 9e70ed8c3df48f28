"""Books: finding, reading, changing, covers and export."""

import json
from typing import Any

import pytest

from pronghorn.testclient import TestClient

from .conftest import Headers, bearer

NEW_BOOK = {
    "title": "A Naturalist on the Plains",
    "authors": [{"name": "Ada Ranger", "born": 1851, "died": 1930}],
    "published": 1899,
    "language": "en",
    "subjects": ["Nature", "Travel"],
    "price": "12.50",
    "stock": 3,
}

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


def find(shop: TestClient, **query: Any) -> dict[str, Any]:
    response = shop.get("/api/books", params=query)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def titles(page: dict[str, Any]) -> list[str]:
    return [book["title"] for book in page["items"]]


def book_id(shop: TestClient, title: str) -> int:
    return next(int(book["id"]) for book in find(shop, q=title, size=100)["items"] if book["title"] == title)


class TestListing:
    def test_finds_words_of_title_and_author_whatever_their_accents_and_case(self, shop: TestClient) -> None:
        assert titles(find(shop, q="MISERABLES hugo")) == ["Les Misérables"]
        assert titles(find(shop, q="souseki")) == []
        assert "Kokoro" in titles(find(shop, q="Soseki"))
        assert titles(find(shop, q="源氏")) == ["The Tale of Genji"]

    def test_takes_wildcards_for_plain_characters(self, shop: TestClient) -> None:
        assert find(shop, q="%")["total"] == 0
        assert find(shop, q="_")["total"] == 0

    def test_combines_filters(self, shop: TestClient) -> None:
        found = find(
            shop, language="fr", subject=["Sea"], published_from=1860, published_to=1869, sort="published"
        )
        assert titles(found) == ["Toilers of the Sea", "Twenty Thousand Leagues Under the Seas"]

    def test_filters_by_author_price_and_stock(self, shop: TestClient) -> None:
        author = find(shop, q="pride and prejudice")["items"][0]["authors"][0]["id"]
        assert find(shop, author=author)["total"] == 7
        assert all(float(book["price"]) <= 5 for book in find(shop, max_price="5.00", size=100)["items"])
        everything = find(shop)["total"]
        sold_out = find(shop, in_stock="false")
        assert all(book["stock"] == 0 for book in sold_out["items"])
        assert 0 < sold_out["total"] == everything - find(shop, in_stock=True)["total"]

    @pytest.mark.parametrize("sort", ["title", "published", "price"])
    def test_sorts_up_and_down(self, shop: TestClient, sort: str) -> None:
        def key(book: dict[str, Any]) -> Any:
            return float(book["price"]) if sort == "price" else book[sort]

        up, down = find(shop, sort=sort, size=50), find(shop, sort=f"-{sort}", size=50)
        if sort != "title":
            assert [key(book) for book in up["items"]] == sorted(key(book) for book in up["items"])
            assert [key(book) for book in down["items"]] == sorted(
                (key(b) for b in down["items"]), reverse=True
            )
        assert key(up["items"][0]) < key(down["items"][0])

    def test_sorts_titles_without_their_article(self, shop: TestClient) -> None:
        found = titles(find(shop, q="wells", sort="title"))
        assert found.index("The Invisible Man") < found.index("Kipps") < found.index("The Time Machine")

    def test_every_book_is_on_exactly_one_page(self, shop: TestClient) -> None:
        page = find(shop, size=100, sort="price")
        seen = [book["id"] for book in page["items"]]
        while page["links"]["next"]:
            page = shop.get(page["links"]["next"]).json()
            seen += [book["id"] for book in page["items"]]
        assert len(seen) == len(set(seen)) == page["total"]

    def test_links_keep_the_filters(self, shop: TestClient) -> None:
        response = shop.get("/api/books", params={"language": "de", "size": 10, "page": 2})
        page = response.json()
        assert page["links"] == {
            "next": "/api/books?language=de&size=10&page=3",
            "previous": "/api/books?language=de&size=10&page=1",
        }
        assert response.headers["link"] == (
            '</api/books?language=de&size=10&page=3>; rel="next", </api/books?language=de&size=10&page=1>; rel="prev"'
        )

    def test_a_page_past_the_end_is_empty_and_points_back_to_the_last(self, shop: TestClient) -> None:
        page = find(shop, language="ka", page=9)
        assert (page["items"], page["total"], page["pages"]) == ([], 1, 1)
        assert page["links"] == {"next": None, "previous": "/api/books?language=ka&page=1"}
        assert find(shop, q="no such book", page=2)["links"] == {"next": None, "previous": None}

    def test_refuses_what_it_does_not_know(self, shop: TestClient) -> None:
        response = shop.get("/api/books?colour=red&size=1000&sort=weight")
        assert response.status_code == 422
        assert [(error["type"], error["loc"]) for error in response.json()["detail"]] == [
            ("less_than_equal", ["query", "size"]),
            ("enum", ["query", "sort"]),
            ("extra_forbidden", ["query", "colour"]),
        ]


class TestReading:
    def test_shows_nested_author_and_language(self, shop: TestClient) -> None:
        book = find(shop, q="communist manifesto")["items"][0]
        assert [author["name"] for author in book["authors"]] == ["Karl Marx", "Friedrich Engels"]
        assert book["language"] == {"code": "de", "name": "German"}
        assert shop.get(f"/api/books/{book['id']}").json() == book

    def test_answers_not_modified_to_the_present_tag_only(self, shop: TestClient) -> None:
        response = shop.get("/api/books/1")
        tag = response.headers["etag"]
        unchanged = shop.get("/api/books/1", headers={"If-None-Match": f'"other", W/{tag}'})
        assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", tag)
        assert shop.get("/api/books/1", headers={"If-None-Match": '"other"'}).status_code == 200

    def test_describes_a_missing_book_as_a_problem(self, shop: TestClient) -> None:
        response = shop.get("/api/books/999999")
        assert response.status_code == 404
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json() == {
            "type": "about:blank",
            "title": "Not found",
            "status": 404,
            "detail": "There is no book 999999.",
        }

    @pytest.mark.parametrize("number", ["zero", "0", "99999999999"])
    def test_refuses_numbers_no_book_can_have(self, shop: TestClient, number: str) -> None:
        assert shop.get(f"/api/books/{number}").status_code == 422


class TestChanging:
    def test_creates_a_book_with_known_and_new_authors_and_subjects(
        self, shop: TestClient, keeper: Headers
    ) -> None:
        authors = [{"name": "Jane Austen", "born": 1775, "died": 1817}, {"name": "Ada Ranger"}]
        response = shop.post(
            "/api/books",
            headers=keeper,
            json={**NEW_BOOK, "authors": authors, "subjects": ["Nature", "Deserts"]},
        )
        assert response.status_code == 201, response.text
        book = response.json()
        assert response.headers["location"] == f"/api/books/{book['id']}"
        austen = find(shop, q="pride and prejudice")["items"][0]["authors"][0]
        assert book["authors"][0] == austen
        assert book["subjects"] == ["Deserts", "Nature"]
        assert shop.get(response.headers["location"]).json()["price"] == "12.50"
        assert find(shop, q="ranger plains")["total"] == 1

    def test_replaces_everything(self, shop: TestClient, keeper: Headers) -> None:
        response = shop.put("/api/books/1", headers=keeper, json=NEW_BOOK)
        assert response.status_code == 200, response.text
        book = response.json()
        assert (book["title"], book["original_title"], book["circa"]) == (NEW_BOOK["title"], None, False)
        assert find(shop, q="gilgamesh")["total"] == 0

    def test_patches_only_what_is_sent(self, shop: TestClient, keeper: Headers) -> None:
        before = shop.get("/api/books/1").json()
        response = shop.patch("/api/books/1", headers=keeper, json={"price": "1.25", "circa": False})
        assert response.json() == {
            **before,
            "price": "1.25",
            "circa": False,
            "version": before["version"] + 1,
        }
        everything_else = {
            "authors": [{"name": "Sîn-lēqi-unninni"}],
            "subjects": ["Epic"],
            "original_title": None,
        }
        patched = shop.patch("/api/books/1", headers=keeper, json=everything_else).json()
        assert patched["title"] == before["title"]
        assert patched["subjects"] == ["Epic"]
        assert find(shop, q="sin-leqi")["total"] == 1

    def test_a_patch_cannot_empty_what_must_be_there(self, shop: TestClient, keeper: Headers) -> None:
        response = shop.patch(
            "/api/books/1", headers=keeper, json={"title": None, "stock": -1, "colour": "red"}
        )
        assert response.status_code == 422
        assert [(error["type"], error["loc"][1]) for error in response.json()["detail"]] == [
            ("string_type", "title"),
            ("greater_than_equal", "stock"),
            ("extra_forbidden", "colour"),
        ]

    def test_refuses_unknown_languages_and_repeated_subjects(self, shop: TestClient, keeper: Headers) -> None:
        wrong = {**NEW_BOOK, "language": "tlh", "subjects": ["Sea", "Sea"], "price": "1.234"}
        response = shop.post("/api/books", headers=keeper, json=wrong)
        assert [error["loc"] for error in response.json()["detail"]] == [
            ["body", "language"],
            ["body", "subjects"],
            ["body", "price"],
        ]

    def test_refuses_an_author_named_twice(self, shop: TestClient, keeper: Headers) -> None:
        response = shop.patch(
            "/api/books/1", headers=keeper, json={"authors": [{"name": "X"}, {"name": "X"}]}
        )
        assert [error["loc"] for error in response.json()["detail"]] == [["body", "authors"]]

    def test_keeps_authors_in_the_order_given(self, shop: TestClient, keeper: Headers) -> None:
        for order in (["B", "A", "C"], ["C", "B"], ["A", "B", "C"]):
            authors = [{"name": name} for name in order]
            book = shop.patch("/api/books/1", headers=keeper, json={"authors": authors}).json()
            assert [author["name"] for author in book["authors"]] == order
            assert shop.get("/api/books/1").json() == book

    def test_changes_only_the_version_asked_for(self, shop: TestClient, keeper: Headers) -> None:
        tag = shop.get("/api/books/1").headers["etag"]
        first = shop.patch("/api/books/1", headers={**keeper, "If-Match": tag}, json={"stock": 7})
        assert first.status_code == 200
        late = shop.patch("/api/books/1", headers={**keeper, "If-Match": tag}, json={"stock": 8})
        assert (late.status_code, late.json()["title"]) == (412, "Changed in the meantime")
        now = {**keeper, "If-Match": first.headers["etag"]}
        assert shop.put("/api/books/1", headers=now, json=NEW_BOOK).status_code == 200
        assert shop.delete("/api/books/1", headers=now).status_code == 412
        assert shop.delete("/api/books/1", headers={**keeper, "If-Match": "*"}).status_code == 204

    def test_deletes_a_book_and_authors_left_without_any(self, shop: TestClient, keeper: Headers) -> None:
        lone = book_id(shop, "The Knight in the Panther's Skin")
        authors = shop.get("/api/authors", params={"q": "rustaveli"}).json()["total"]
        assert authors == 1
        response = shop.delete(f"/api/books/{lone}", headers=keeper)
        assert (response.status_code, response.content) == (204, b"")
        assert shop.get(f"/api/books/{lone}").status_code == 404
        assert shop.get("/api/authors", params={"q": "rustaveli"}).json()["total"] == 0
        assert shop.delete(f"/api/books/{lone}", headers=keeper).status_code == 404

    def test_needs_the_scope(self, shop: TestClient, reader: Headers) -> None:
        for headers, status in ((reader, 403), ({}, 401), (bearer("keeper", "orders"), 403)):
            response = shop.post("/api/books", headers=headers, json=NEW_BOOK)
            assert response.status_code == status
            assert response.headers["www-authenticate"].startswith("Bearer")
            assert shop.delete("/api/books/1", headers=headers).status_code == status


class TestCovers:
    def upload(self, shop: TestClient, headers: Headers, content: bytes, number: int = 1) -> Any:
        # The name and type are lies: only the content counts.
        files = {"file": ("../../evil.html", content, "text/html")}
        return shop.put(f"/api/books/{number}/cover", headers=headers, files=files)

    def test_serves_what_was_uploaded(self, shop: TestClient, keeper: Headers) -> None:
        assert self.upload(shop, keeper, PNG).json()["has_cover"] is True
        response = shop.get("/api/books/1/cover")
        assert (response.status_code, response.content) == (200, PNG)
        assert response.headers["content-type"] == "image/png"
        assert response.headers["accept-ranges"] == "bytes"
        assert "content-encoding" not in response.headers

    @pytest.mark.parametrize(
        ("header", "status", "content_range", "content"),
        [
            ("bytes=0-7", 206, f"bytes 0-7/{len(PNG)}", PNG[:8]),
            ("bytes=-10", 206, f"bytes {len(PNG) - 10}-{len(PNG) - 1}/{len(PNG)}", PNG[-10:]),
            ("bytes=10000-", 206, f"bytes 10000-{len(PNG) - 1}/{len(PNG)}", PNG[10000:]),
            ("bytes=99999-", 416, f"bytes */{len(PNG)}", None),
        ],
    )
    def test_sends_ranges(
        self,
        shop: TestClient,
        keeper: Headers,
        header: str,
        status: int,
        content_range: str,
        content: bytes | None,
    ) -> None:
        self.upload(shop, keeper, PNG)
        response = shop.get("/api/books/1/cover", headers={"Range": header})
        assert response.status_code == status
        assert content is None or response.content == content
        assert response.headers["content-range"] == content_range

    def test_knows_its_tag(self, shop: TestClient, keeper: Headers) -> None:
        self.upload(shop, keeper, PNG)
        tag = shop.get("/api/books/1/cover").headers["etag"]
        response = shop.get("/api/books/1/cover", headers={"If-None-Match": tag})
        assert (response.status_code, response.content) == (304, b"")
        self.upload(shop, keeper, PNG + b"more")
        assert shop.get("/api/books/1/cover", headers={"If-None-Match": tag}).content == PNG + b"more"

    @pytest.mark.parametrize(
        ("start", "kind"),
        [(b"\xff\xd8\xff\xe0", "image/jpeg"), (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp")],
    )
    def test_takes_other_kinds_of_pictures(
        self, shop: TestClient, keeper: Headers, start: bytes, kind: str
    ) -> None:
        assert self.upload(shop, keeper, start + b"picture").status_code == 200
        assert shop.get("/api/books/1/cover").headers["content-type"] == kind

    @pytest.mark.parametrize("content", [b"<script>alert(1)</script>", b"", b"RIFF\x00\x00\x00\x00WAVEfmt "])
    def test_refuses_what_is_no_picture(self, shop: TestClient, keeper: Headers, content: bytes) -> None:
        response = self.upload(shop, keeper, content)
        assert (response.status_code, response.json()["title"]) == (415, "Not a usable picture")
        assert shop.get("/api/books/1/cover").status_code == 404

    def test_refuses_pictures_that_are_too_large(self, shop: TestClient, keeper: Headers) -> None:
        limit = 2 * 1024 * 1024
        response = self.upload(shop, keeper, PNG + bytes(limit))
        assert (response.status_code, response.json()["limit"]) == (413, limit)
        far_too_large = self.upload(shop, keeper, PNG + bytes(2 * limit))
        assert far_too_large.status_code == 413

    def test_removes_a_cover(self, shop: TestClient, keeper: Headers) -> None:
        self.upload(shop, keeper, PNG)
        assert shop.delete("/api/books/1/cover", headers=keeper).status_code == 204
        assert shop.get("/api/books/1/cover").status_code == 404
        assert shop.delete("/api/books/1/cover", headers=keeper).status_code == 404

    def test_needs_a_book_and_the_scope(self, shop: TestClient, keeper: Headers, reader: Headers) -> None:
        assert self.upload(shop, keeper, PNG, number=999_999).status_code == 404
        assert self.upload(shop, reader, PNG).status_code == 403
        assert shop.put("/api/books/1/cover", headers=keeper).status_code == 422


class TestOverviews:
    def test_counts_the_catalogue(self, shop: TestClient) -> None:
        catalogue = shop.get("/api/catalogue").json()
        assert catalogue["books"] >= 500
        assert sum(count["books"] for count in catalogue["languages"]) == catalogue["books"]
        assert catalogue["languages"][0] == {
            "value": "en",
            "name": "English",
            "books": find(shop, language="en")["total"],
        }
        assert {"value": "Sea", "name": "Sea", "books": find(shop, subject="Sea")["total"]} in catalogue[
            "subjects"
        ]

    def test_lists_authors_and_their_books(self, shop: TestClient) -> None:
        page = shop.get("/api/authors", params={"q": "brontë", "size": 2}).json()
        assert (page["total"], page["pages"]) == (3, 2)
        anne = page["items"][0]
        assert (anne["name"], anne["born"], anne["died"]) == ("Anne Brontë", 1820, 1849)
        detail = shop.get(f"/api/authors/{anne['id']}").json()
        assert sorted(book["title"] for book in detail["books"]) == [
            "Agnes Grey",
            "The Tenant of Wildfell Hall",
        ]
        assert shop.get("/api/authors/999999").status_code == 404

    def test_exports_every_book_as_a_line_of_json(self, shop: TestClient) -> None:
        response = shop.get("/api/books/export")
        assert response.headers["content-type"] == "application/jsonl"
        assert response.headers["content-disposition"] == 'attachment; filename="bookshop.jsonl"'
        books = [json.loads(line) for line in response.text.splitlines()]
        assert len(books) == find(shop)["total"]
        assert books[0] == shop.get(f"/api/books/{books[0]['id']}").json()


class TestMiddleware:
    def test_compresses_what_is_worth_it(self, shop: TestClient) -> None:
        assert shop.get("/api/books").headers["content-encoding"] == "gzip"
        assert "content-encoding" not in shop.get("/api/health").headers
        assert (
            "content-encoding" not in shop.get("/api/books", headers={"Accept-Encoding": "identity"}).headers
        )

    def test_lets_known_origins_in(self, shop: TestClient) -> None:
        asked = {"Origin": "http://localhost:5173", "Access-Control-Request-Method": "PATCH"}
        assert (
            shop.options("/api/books/1", headers=asked).headers["access-control-allow-origin"]
            == asked["Origin"]
        )
        assert (
            shop.options("/api/books/1", headers={**asked, "Origin": "http://evil.example"}).status_code
            == 400
        )
        response = shop.get("/api/books/1", headers={"Origin": asked["Origin"]})
        assert response.headers["access-control-expose-headers"] == "ETag, Link, Location"

    def test_serves_the_page_beside_the_api(self, shop: TestClient) -> None:
        page = shop.get("/")
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert shop.get("/app.js").headers["content-type"].startswith("text/javascript")
        assert shop.get("/api/nothing").json() == {"detail": "Not Found"}
        assert shop.get("/../settings.py").status_code == 404
