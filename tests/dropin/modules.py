"""Modules by name, for tests of attributes that no checker can know."""

from importlib import import_module
from typing import Any


def imported(name: str) -> Any:
    """The module, as an object whose attributes are looked up at run time."""
    return import_module(name)
