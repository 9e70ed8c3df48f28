from dataclasses import dataclass, field

import pytest

from pronghorn._base.errors import FastAPIDeprecationWarning
from pronghorn._declare.naming import (
    generate_operation_id_for_path,
    generate_unique_id,
    get_path_param_names,
)


@dataclass
class Route:
    name: str = "read_book"
    path_format: str = "/books/{book_id}"
    methods: set[str] | None = field(default_factory=lambda: {"GET"})


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/", set()), ("/{a}/x/{b}", {"a", "b"}), ("/{a:path}", {"a:path"}), ("/{a}{a}", {"a"})],
)
def test_names_of_path_parameters(path: str, expected: set[str]) -> None:
    assert get_path_param_names(path) == expected


def test_an_operation_id_is_one_identifier() -> None:
    assert generate_unique_id(Route()) == "read_book_books__book_id__get"


@pytest.mark.parametrize("methods", [None, set()])
def test_a_route_without_methods_has_no_operation_id(methods: set[str] | None) -> None:
    with pytest.raises(AssertionError, match="Expected a route with HTTP methods, found Route"):
        generate_unique_id(Route(methods=methods))


def test_the_former_function_warns_where_it_is_called() -> None:
    with pytest.warns(FastAPIDeprecationWarning, match="generate_operation_id_for_path") as caught:
        made = generate_operation_id_for_path(name="read", path="/a-b", method="GET")
    assert made == "read_a_b_get"
    assert caught[0].filename == __file__
