import re

import pytest
from starlette.convertors import CONVERTOR_TYPES, Convertor, StringConvertor
from starlette.routing import compile_path

from pronghorn._routing.pattern import PathPattern, PathTemplateError, Segment


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/users",
        "/users/{user_id}",
        "/files/{name}.{ext}",
        "/t/{where:path}",
        "/{n:int}/{not-a-name}",
    ],
)
def test_reads_what_starlette_reads(path: str) -> None:
    regex, path_format, convertors = compile_path(path)
    pattern = PathPattern(path)
    assert (regex, path_format, convertors) == (pattern.regex, pattern.path_format, pattern.convertors)


def test_splits_a_template_into_segments() -> None:
    pattern = PathPattern("/users/{name}/v{major:int}.{minor:int}/{id:int}")
    name, _, _, number = pattern.parameters
    assert pattern.segments == (
        Segment(""),
        Segment("users"),
        Segment(None, None, name),
        Segment(None, r"v(?:[0-9]+)\.(?:[0-9]+)"),
        Segment(None, "(?:[0-9]+)", number),
    )
    assert not pattern.spans


def test_tells_static_templates_from_others() -> None:
    assert PathPattern("/users/me").is_static
    assert not PathPattern("/users/{name}").is_static
    assert not PathPattern("users").is_static


def test_a_path_convertor_covers_the_rest() -> None:
    pattern = PathPattern("/tree/{where:path}")
    assert pattern.spans
    assert pattern.catch_all == pattern.parameters[0]
    assert pattern.segments == (Segment(""), Segment("tree"))


def test_what_follows_a_path_convertor_is_left_to_the_expression() -> None:
    pattern = PathPattern("/tree/{where:path}/meta")
    assert pattern.spans
    assert pattern.catch_all is None


@pytest.mark.parametrize(
    ("expression", "bounded"),
    [
        ("[a-z0-9]+(?:-[a-z0-9]+)*", True),
        ("[0-9]{4}-[0-9]{2}-[0-9]{2}", True),
        (r"\d+(\.\d{1,2})?", True),
        ("en|de|fr", True),
        ("[a-z-]+", True),
        ("[a-z]*", False),
        ("[!-~]+", False),
        (r"\S+", False),
        ("a(?=b)", False),
        (r"(a)\1", False),
        ("(?P<inner>a)", False),
        ("(?i:a)", False),
        ("a/b", False),
    ],
)
def test_trusts_only_expressions_that_cannot_leave_their_segment(
    monkeypatch: pytest.MonkeyPatch, expression: str, bounded: bool
) -> None:
    class Own(Convertor[str]):
        regex = expression

    monkeypatch.setitem(CONVERTOR_TYPES, "own", Own())
    assert bounded is not PathPattern("/{x:own}").spans


def test_a_registered_convertor_converts(monkeypatch: pytest.MonkeyPatch) -> None:
    class Loud(StringConvertor):
        def convert(self, value: str) -> str:
            return value.upper()

    monkeypatch.setitem(CONVERTOR_TYPES, "loud", Loud())
    assert PathPattern("/{x:loud}").match("/abc") == {"x": "ABC"}


def test_match_gives_none_for_another_path() -> None:
    assert PathPattern("/{x:int}").match("/abc") is None


def test_a_repeated_name_is_refused_with_advice() -> None:
    message = (
        "Duplicated param names a, b at path /{a}/{b}/{a}/{b}. "
        "Give every path parameter a name of its own, router prefixes included."
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        PathPattern("/{a}/{b}/{a}/{b}")


def test_an_unknown_convertor_is_refused_with_advice() -> None:
    with pytest.raises(PathTemplateError) as caught:
        PathPattern("/{x:integer}")
    assert isinstance(caught.value, AssertionError)
    assert str(caught.value) == (
        "Unknown path convertor 'integer' for parameter 'x' at path /{x:integer}. "
        "Known convertors: float, int, path, str, uuid. Use one of them, or register yours with "
        "starlette.convertors.register_url_convertor('integer', ...) before this route is declared."
    )


def test_shows_its_template() -> None:
    assert repr(PathPattern("/a/{b}")) == "PathPattern('/a/{b}')"
