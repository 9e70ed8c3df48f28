from typing import Any

import pytest

from pronghorn._openapi.merging import deep_dict_update


@pytest.mark.parametrize(
    ("main", "update", "merged"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": 1}, {"a": {"b": 2}}, {"a": {"b": 2}}),
        ({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}),
        ({"a": [1]}, {"a": [2]}, {"a": [1, 2]}),
        ({"a": [1]}, {"a": None}, {"a": None}),
    ],
)
def test_merges_dicts_joins_lists_and_replaces_the_rest(
    main: dict[str, Any], update: dict[str, Any], merged: dict[str, Any]
) -> None:
    deep_dict_update(main, update)

    assert main == merged


def test_joined_lists_are_new() -> None:
    original = [1]
    main = {"a": original}
    deep_dict_update(main, {"a": [2]})

    assert original == [1]
