import os
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.convertors import CONVERTOR_TYPES, Convertor, register_url_convertor

from pronghorn._routing.pattern import PathTemplateError
from pronghorn._routing.table import Entry, RouteTable
from tests._routing.linear import LinearMatcher

# Raise it for a thorough run after a change: PRONGHORN_EXAMPLES=20000.
EXAMPLES = int(os.environ.get("PRONGHORN_EXAMPLES", "120"))
SETTINGS = settings(max_examples=EXAMPLES, deadline=None, derandomize="PRONGHORN_EXAMPLES" not in os.environ)

GET = frozenset({"GET"})
POST = frozenset({"POST"})


class Slug(Convertor[str]):
    regex = "[a-z]+(?:-[a-z]+)*"

    def convert(self, value: str) -> str:
        return value.upper()

    def to_string(self, value: str) -> str:
        return value.lower()


class Pair(Convertor[tuple[str, str]]):
    regex = "[a-z]+/[a-z]+"

    def convert(self, value: str) -> tuple[str, str]:
        left, _, right = value.partition("/")
        return left, right

    def to_string(self, value: tuple[str, str]) -> str:
        return "/".join(value)


class Optional(Convertor[str]):
    regex = "[0-9]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class LoudText(Convertor[str]):
    regex = "[^/]+"

    def convert(self, value: str) -> str:
        return value + "!"

    def to_string(self, value: str) -> str:
        return value


class LoudPath(LoudText):
    regex = ".*"


OWN_CONVERTORS: dict[str, Convertor[Any]] = {
    "slug": Slug(),
    "pair": Pair(),
    "optional": Optional(),
    "loud": LoudText(),
    "loudpath": LoudPath(),
}


@pytest.fixture(scope="module", autouse=True)
def own_convertors() -> Iterator[None]:
    for key, convertor in OWN_CONVERTORS.items():
        register_url_convertor(key, convertor)
    yield
    for key in OWN_CONVERTORS:
        del CONVERTOR_TYPES[key]


def table(*paths: str) -> RouteTable:
    return RouteTable([Entry(path, GET, path) for path in paths])


LITERALS = ["a", "b", "me", "1", "23", "", "a.b", "%2F", "é", "a\n", "\n", "{x-y}", "a-b", "1.5"]
KEYS = ["str", "int", "float", "path", "uuid", *OWN_CONVERTORS]


@st.composite
def segments(draw: st.DrawFn, numbers: Iterator[int]) -> str:
    def placeholder() -> str:
        key = draw(st.sampled_from(["", "", "", *(f":{key}" for key in KEYS)]))
        return f"{{p{next(numbers)}{key}}}"

    kind = draw(st.sampled_from(["literal", "literal", "param", "param", "mixed"]))
    if kind == "literal":
        return draw(st.sampled_from(LITERALS))
    if kind == "param":
        return placeholder()
    parts = [placeholder()]
    for glue in draw(st.lists(st.sampled_from([".", "-", "a", ""]), min_size=1, max_size=2)):
        parts += [glue, placeholder()] if draw(st.booleans()) else [glue]
    return draw(st.sampled_from(["", "v"])) + "".join(parts)


@st.composite
def templates(draw: st.DrawFn) -> str:
    numbers = iter(range(100))
    body = "/".join(draw(segments(numbers)) for _ in range(draw(st.integers(1, 4))))
    return draw(st.sampled_from(["/"] * 12 + ["", "//"])) + body


METHODS = st.sampled_from([None, frozenset[str](), GET, POST, GET | POST, frozenset({"PUT"})])
TABLES = st.lists(st.tuples(templates(), METHODS), max_size=12).map(
    lambda rows: [Entry(path, methods, number) for number, (path, methods) in enumerate(rows)]
)
TEXTS = [
    *LITERALS,
    "x",
    "v1",
    "a-b-c",
    "0",
    "7.5",
    "x.y",
    "²",
    "٣",
    "A",
    "12\n",
    "x\ny",
    str(uuid.UUID(int=5)),
]
PATHS = st.builds(
    lambda start, parts, end: start + "/".join(parts) + end,
    st.sampled_from(["/"] * 8 + ["", "//"]),
    st.lists(st.sampled_from(TEXTS) | st.text(max_size=3), max_size=5),
    st.sampled_from(["", "", "", "/", "\n", "/\n", "\n\n"]),
)


@SETTINGS
@given(entries=TABLES, paths=st.lists(PATHS, min_size=1, max_size=8))
@example([Entry("/{a:path}", None, 0), Entry("/x", GET, 1), Entry("/x", None, 2)], ["/x", "/x\n"])
@example([Entry("/x", POST, 0), Entry("/{a}", GET, 1), Entry("/x", None, 2)], ["/x"])
def test_agrees_with_a_linear_scan(entries: list[Entry], paths: list[str]) -> None:
    fast, linear = RouteTable(entries), LinearMatcher(entries)
    # Beside unrelated paths, those of the templates themselves: literal ones hit.
    for path in [*paths, *(entry.path for entry in entries)]:
        for method in ("GET", "POST", "PUT", "QUERY"):
            assert linear.match(path, method) == fast.match(path, method), (path, method)
        assert [(e.target, p) for e, p in linear.match_all(path)] == list(fast.iter_matches(path)), path


@st.composite
def near_misses(draw: st.DrawFn) -> tuple[list[Entry], str]:
    """A table with much overlap, and a path that fits the shape of one of its templates."""
    shapes = st.lists(
        st.sampled_from(["a", "b", "{%d}", "{%d:int}", "{%d:slug}", "x{%d}", "{%d:path}", "{%d:float}"]),
        min_size=1,
        max_size=4,
    )
    entries = []
    for number, parts in enumerate(draw(st.lists(shapes, min_size=1, max_size=10))):
        path = "".join("/" + part.replace("{%d", f"{{p{place}") for place, part in enumerate(parts))
        entries.append(Entry(path, draw(METHODS), number))
    texts = st.sampled_from(["a", "b", "1", "x1", "xa", "1.5", "", "a/b"])
    model = draw(st.sampled_from(entries)).path.split("/")[1:]
    path = "".join("/" + (draw(texts) if "{" in part else part) for part in model)
    return entries, path


@SETTINGS
@given(case=near_misses())
def test_agrees_with_a_linear_scan_where_patterns_overlap(case: tuple[list[Entry], str]) -> None:
    entries, path = case
    fast, linear = RouteTable(entries), LinearMatcher(entries)
    for method in ("GET", "POST", "PUT", "QUERY"):
        assert linear.match(path, method) == fast.match(path, method), method


@pytest.mark.parametrize(
    ("template", "path", "params"),
    [
        ("/", "/", {}),
        ("/users/{user_id}", "/users/ada", {"user_id": "ada"}),
        ("/users/{user_id:int}", "/users/42", {"user_id": 42}),
        ("/at/{x:float}/{y:float}", "/at/1.5/2", {"x": 1.5, "y": 2.0}),
        ("/{a}/{b}/{c}", "/1/2/3", {"a": "1", "b": "2", "c": "3"}),
        ("/{a}/{b}/{c}/{d}", "/1/2/3/4", {"a": "1", "b": "2", "c": "3", "d": "4"}),
        ("/{a:slug}", "/a-b", {"a": "A-B"}),
        ("/files/{name}.{ext}", "/files/a.tar.gz", {"name": "a.tar", "ext": "gz"}),
        ("/tree/{where:path}", "/tree/a/b/", {"where": "a/b/"}),
        ("/tree/{where:path}", "/tree/", {"where": ""}),
        ("/{owner}/tree/{where:path}", "/me/tree/a/b", {"owner": "me", "where": "a/b"}),
        ("/{n:int}/tree/{where:loudpath}", "/7/tree/a/b", {"n": 7, "where": "a/b!"}),
        ("/{pair:pair}/end", "/a/b/end", {"pair": ("a", "b")}),
        ("/{where:path}/meta", "/a/b/meta", {"where": "a/b"}),
        ("/id/{key:uuid}", f"/id/{uuid.UUID(int=9)}", {"key": uuid.UUID(int=9)}),
    ],
)
def test_gives_converted_parameters(template: str, path: str, params: dict[str, Any]) -> None:
    assert (template, params) == table(template).match(path, "GET")


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("/users", "/users/"),
        ("/users/{user_id}", "/users/"),
        ("/users/{user_id}", "/users/a/b"),
        ("/users/{user_id:int}", "/users/x"),
        ("/users/{user_id:int}", "/users/²"),
        ("/{a:int}/{b:int}", "/1/x"),
        ("/{n:int}/tree/{where:path}", "/x/tree/a"),
        ("/tree/{where:path}", "/tree"),
        ("/tree/{where:path}", "/tree/a\nb"),
        ("/a", "a"),
        ("/a", ""),
    ],
)
def test_finds_nothing_where_nothing_matches(template: str, path: str) -> None:
    assert table(template).match(path, "GET") is None


def test_the_earliest_entry_wins() -> None:
    assert table("/users/me", "/users/{name}").match("/users/me", "GET") == ("/users/me", {})
    assert table("/users/{name}", "/users/me").match("/users/me", "GET") == ("/users/{name}", {"name": "me"})
    assert table("/{a}/x", "/y/{b}").match("/y/x", "GET") == ("/{a}/x", {"a": "y"})
    assert table("/y/{b}", "/{a}/x").match("/y/x", "GET") == ("/y/{b}", {"b": "x"})


def test_an_entry_for_another_method_does_not_hide_a_later_one() -> None:
    routes = RouteTable([Entry("/a", POST, 1), Entry("/{x}", GET, 2), Entry("/a", None, 3)])
    assert [routes.match("/a", method) for method in ("POST", "GET", "PUT")] == [
        (1, {}),
        (2, {"x": "a"}),
        (3, {}),
    ]


def test_every_match_has_parameters_of_its_own() -> None:
    routes = table("/static", "/users/{name}")
    for path in ("/static", "/users/ada"):
        first, second = routes.match(path, "GET"), routes.match(path, "GET")
        assert first is not None
        assert second is not None
        first[1]["added"] = "by one request"
        assert "added" not in second[1]


def test_match_path_disregards_the_method() -> None:
    routes = RouteTable([Entry("/users/{name}", POST, "create"), Entry("/users/{other}", GET, "read")])
    assert routes.match_path("/users/ada") == ("create", {"name": "ada"})
    assert routes.match_path("/elsewhere") is None


def test_iter_matches_follows_registration_order() -> None:
    routes = table("/{rest:path}", "/users/{name}", "/users/ada", "/users/{number:int}")
    assert [target for target, _ in routes.iter_matches("/users/ada")] == [
        "/{rest:path}",
        "/users/{name}",
        "/users/ada",
    ]


def test_a_template_without_a_slash_follows_the_rules_of_hosts() -> None:
    routes = table("/x", "", "API.example:8000")
    assert routes.match("", "GET") == ("", {})
    assert routes.match("api.EXAMPLE", "GET") == ("API.example:8000", {})


def test_declaring_a_broken_template_fails() -> None:
    with pytest.raises(PathTemplateError, match="Duplicated param name id at path"):
        table("/ok", "/{id}/{id}")
