import functools
from typing import Any

import pytest

from pronghorn._engine.endpoint_context import endpoint_context


def endpoint() -> None: ...


LINE = endpoint.__code__.co_firstlineno


class Callable:
    __hash__ = None  # type: ignore[assignment]

    def __call__(self) -> None: ...


def test_the_place_is_that_of_the_function() -> None:
    assert endpoint_context(endpoint, "GET", "/items", "") == {
        "file": __file__,
        "line": LINE,
        "function": "endpoint",
        "path": "GET /items",
    }


@pytest.mark.parametrize(
    ("root_path", "expected"), [("", "GET /items"), ("/v1", "GET /v1/items"), ("/v1/", "GET /v1/items")]
)
def test_the_operation_stands_under_its_root_path(root_path: str, expected: str) -> None:
    assert endpoint_context(endpoint, "GET", "/items", root_path).get("path") == expected


def test_without_a_path_there_is_no_operation() -> None:
    assert "path" not in endpoint_context(endpoint, "GET", None, "")


@pytest.mark.parametrize("call", [len, Callable(), functools.partial(endpoint)])
def test_what_has_no_source_is_known_by_its_operation_alone(call: Any) -> None:
    assert endpoint_context(call, "WS", "/feed", "") == {"path": "WS /feed"}


def test_a_context_is_not_shared() -> None:
    first = endpoint_context(endpoint, "GET", "/items", "")
    first["function"] = "changed"

    assert endpoint_context(endpoint, "GET", "/items", "").get("function") == "endpoint"


def test_a_class_has_source_and_name() -> None:
    context = endpoint_context(Callable, "GET", "/", "")

    assert (context.get("function"), context.get("file")) == ("Callable", __file__)
