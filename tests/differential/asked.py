"""Requests as hypothesis makes them up for a made-up application: right, wrong and strange ones."""

import json
from collections.abc import Iterable
from urllib.parse import quote

from hypothesis import strategies as st

from tests.differential.declared import Made
from tests.differential.forms import any_forms, fitting_forms
from tests.differential.outcomes import Asked
from tests.differential.parameters import Declared

TEXTS = st.sampled_from(
    [
        "",
        "x",
        "ab",
        "odd",
        "type",
        "1",
        "-1",
        "3",
        "0",
        "1.5",
        "1e5",
        "true",
        "off",
        "é",
        "a b",
        "+",
        "%",
        "&=;",
        "red",
        "blue",
        "a",
        "2024-02-29",
        "2024-01-02T03:04:05Z",
        "PT90S",
        "[1,2]",
        "[1,",
        "5b0d6fb0-90f1-4f62-9a0a-0c4d1b1b7b1a",
        "null",
        "NaN",
        "inf",
        "1_000",
        "�",
        "\uff11",
        "111111111111111111111111111111",
        "Bearer abc",
        "Basic dXNlcjpwYXNz",
        "basic e",
        "Digest",
    ]
)
NAMES = ("limit", "tags", "colour", "x_tok", "x-tok", "shared", "first", "unknown", "name", "a")


def quoted(text: str, *, plainly: bool) -> str:
    if plainly and text.isascii() and not set(text) & set("&=+%; "):
        return text
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


@st.composite
def queries(draw: st.DrawFn, names: list[str]) -> bytes:
    pairs = draw(st.lists(st.tuples(st.sampled_from([*names, *NAMES]), TEXTS), max_size=5))
    plainly = draw(st.booleans())
    text = "&".join(
        f"{quoted(name, plainly=plainly)}={quoted(value, plainly=plainly)}" for name, value in pairs
    )
    return (
        draw(st.sampled_from(["", "", "", "", "&", "novalue&", "a=b=c&", "=x&", "?%ff=%e9&"])).encode()
        + text.encode()
    )


@st.composite
def header_lists(draw: st.DrawFn, names: list[str], cookies: list[str]) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []
    for name in draw(st.lists(st.sampled_from([*names, "x-tok", "x_tok", "limit", "tags"]), max_size=4)):
        value = draw(TEXTS)
        if value.isprintable() and name.isascii():
            found.append((name.lower().encode(), value.encode("latin-1", "ignore")))
    for _ in range(draw(st.integers(0, 2))):
        chosen = draw(st.lists(st.tuples(st.sampled_from([*cookies, "other", ""]), TEXTS), max_size=3))
        text = draw(st.sampled_from(["; ", ";", ";; "])).join(f"{name}={value}" for name, value in chosen)
        found.append((b"cookie", text.encode("latin-1", "ignore")))
    return found


NUMBERS = (
    "1",
    "-0",
    "1.0",
    "1e2",
    "1E400",
    "0.1",
    "123456789012345678901234567890",
    "-1e-400",
    "NaN",
    "-Infinity",
    "3",
)
WORDS = (
    '"x"',
    '"1"',
    '"red"',
    '"\\ud83d\\ude00"',
    '"\\ud800"',
    '"é"',
    '"2024-01-02"',
    '"2024-01-02T03:04:05Z"',
    '""',
    '"odd"',
)
ATOMS = ("null", "true", "false", *NUMBERS, *WORDS)
BROKEN = (
    b"",
    b"{",
    b'{"a": }',
    b"\xff",
    b"[1,]",
    b'{"a": 1}}',
    b"\x00",
    b"\xef\xbb\xbf{}",
    b"9" * 5000,
    b"[" * 3000,
)


def json_object(pairs: Iterable[tuple[str, str]]) -> str:
    """An object of names and JSON texts; a name may come twice."""
    return "{" + ", ".join(f"{json.dumps(name)}: {value}" for name, value in pairs) + "}"


@st.composite
def json_texts(draw: st.DrawFn, names: list[str]) -> str:
    keys = st.sampled_from([*names, "name", "price", "tags", "sub", "when", "n", "f", "a", "1"])

    def objects(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        # A list of pairs, so that keys may come twice.
        pairs = st.lists(st.tuples(keys, inner), max_size=5)
        return pairs.map(json_object)

    atoms = st.sampled_from(ATOMS)
    wanted = st.recursive(
        atoms,
        lambda inner: objects(inner) | st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        max_leaves=10,
    )
    fitting = st.fixed_dictionaries(
        {"name": st.sampled_from(WORDS)},
        optional={
            "price": st.sampled_from(NUMBERS),
            "tags": st.just('["a", "a"]'),
            "sub": st.just('{"n": 1, "n": 2}'),
        },
    ).map(lambda item: json_object(item.items()))
    text = draw(wanted | fitting)
    if draw(st.booleans()) and names:
        rest = draw(st.lists(fitting | atoms, min_size=len(names), max_size=len(names)))
        text = json_object(zip(names, rest, strict=True))
    return text


@st.composite
def bodies(draw: st.DrawFn, names: list[str]) -> tuple[bytes, bytes | None]:
    """A body and its content type."""
    types = [b"application/json"] * 5 + [
        b"application/geo+json; charset=x",
        b"text/plain",
        b"",
        None,
        b"APPLICATION/JSON",
        b"nonsense",
    ]
    kind = draw(st.sampled_from(types))
    if draw(st.integers(0, 7)) == 0:
        return draw(st.sampled_from(BROKEN)), kind
    text = draw(json_texts(names))
    encoding = draw(st.sampled_from(["utf-8"] * 6 + ["utf-16", "utf-32", "latin-1", "utf-8-sig"]))
    return text.encode(encoding, "surrogatepass" if encoding.startswith("utf") else "ignore"), kind


@st.composite
def fitting_body(draw: st.DrawFn, declared: list[Declared]) -> tuple[bytes, bytes]:
    """A body that will do for all parameters, or for the first of them."""
    distinct = {one.sent_as: one.fitting for one in declared}
    if len(distinct) == 1 and draw(st.integers(0, 2)):
        text = declared[0].fitting
    else:
        text = json_object(distinct.items())
    return text.encode(), draw(
        st.sampled_from([b"application/json", b"application/json", b"application/x+json"])
    )


@st.composite
def requests(draw: st.DrawFn, made: Made) -> Asked:
    method, template = draw(st.sampled_from(made.paths))
    if draw(st.integers(0, 14)) == 0:
        method = draw(st.sampled_from(["GET", "HEAD", "OPTIONS", "POST"]))
    fits = draw(st.integers(0, 2)) > 0
    of: dict[str, list[Declared]] = {source: [] for source in SOURCES}
    for declared in made.declared:
        of[declared.source].append(declared)
    form = of.pop("form") + of.pop("file")
    in_path = {one.name: one.fitting for one in of["path"]} if fits else {}
    path = template.replace("{rest:path}", in_path.get("rest", draw(st.sampled_from(["a/b", "", "1"]))))
    path = path.replace("{outer}", draw(TEXTS) or "o")
    path = path.replace("{other:int}", draw(st.sampled_from(["7", "7", "x"])))
    path = path.replace("{key}", in_path.get("key", draw(TEXTS) or "k"))
    if draw(st.integers(0, 14)) == 0:
        path += draw(st.sampled_from(["/", "/x"]))
    query, headers, body = draw(fitting_parts(of) if fits else any_parts(of))
    if form and (not of["body"] or draw(st.booleans())):
        body, kind = draw(fitting_forms(form) if fits else any_forms(form))
        headers = [(name, value) for name, value in headers if name != b"content-type"]
        if kind is not None:
            headers.append((b"content-type", kind))
    if draw(st.integers(0, 3)):
        headers.insert(0, (b"host", b"test"))
    if draw(st.integers(0, 3)):
        headers.append((b"content-length", str(len(body)).encode()))
    root_path = draw(st.sampled_from([""] * 6 + ["/root", "/0"]))
    prefix = root_path if root_path != "/0" or draw(st.booleans()) else ""
    return Asked(method, prefix + path, query, tuple(headers), body, root_path)


SOURCES = ("path", "query", "header", "cookie", "body", "form", "file")
Parts = tuple[bytes, list[tuple[bytes, bytes]], bytes]


@st.composite
def fitting_parts(draw: st.DrawFn, of: dict[str, list[Declared]]) -> Parts:
    plainly = draw(st.booleans())
    query = "&".join(
        f"{quoted(one.sent_as, plainly=plainly)}={quoted(one.fitting, plainly=plainly)}"
        for one in of["query"]
    )
    headers = [
        (one.sent_as.lower().encode(), one.fitting.encode()) for one in of["header"] if one.sent_as.isascii()
    ]
    cookies = "; ".join(f"{one.sent_as}={one.fitting}" for one in of["cookie"])
    headers.append((b"cookie", cookies.encode("latin-1")))
    body = b""
    if of["body"]:
        body, kind = draw(fitting_body(of["body"]))
        headers.append((b"content-type", kind))
    return query.encode(), headers, body


@st.composite
def any_parts(draw: st.DrawFn, of: dict[str, list[Declared]]) -> Parts:
    sent = {source: [one.sent_as for one in declared] for source, declared in of.items()}
    headers = draw(header_lists(sent["header"], sent["cookie"]))
    body = b""
    if sent["body"] or draw(st.integers(0, 9)) == 0:
        body, kind = draw(bodies(sorted(set(sent["body"]))))
        if kind is not None:
            headers.append((b"content-type", kind))
    return draw(queries(sent["query"])), headers, body
