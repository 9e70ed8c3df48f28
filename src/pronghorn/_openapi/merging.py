"""Merging parts of a document. Plain dicts in, plain dicts changed."""

from typing import Any

__all__ = ["deep_dict_update"]


def deep_dict_update(main_dict: dict[Any, Any], update_dict: dict[Any, Any]) -> None:
    """Merge one dict into another, in place.

    Dicts under one key are merged in turn, lists are joined (in a new list), and anything else is
    replaced.

    Args:
        main_dict: changed.
        update_dict: left as it is.

    Example:
        >>> main = {"a": {"b": 1}, "c": [1]}
        >>> deep_dict_update(main, {"a": {"d": 2}, "c": [2]})
        >>> main
        {'a': {'b': 1, 'd': 2}, 'c': [1, 2]}
    """
    for key, update in update_dict.items():
        current = main_dict.get(key)
        if isinstance(current, dict) and isinstance(update, dict):
            deep_dict_update(current, update)
        elif isinstance(current, list) and isinstance(update, list):
            main_dict[key] = current + update
        else:
            main_dict[key] = update
