import functools
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route, Router

from pronghorn import APIRouter
from pronghorn._base.untouched import are_untouched, is_untouched, is_untouched_class


@functools.wraps(Router.__call__)
async def wrapper(*_: Any) -> None:
    """Looks like the original by every name it has."""


def test_functions_of_starlette_and_of_ours_are_untouched() -> None:
    assert is_untouched(Router.__call__)
    assert is_untouched(APIRouter.handle)


@pytest.mark.parametrize(
    "replacement", [wrapper, Mock(), functools.partial(Router.__call__), exec, None], ids=type
)
def test_anything_else_is_not(replacement: Any) -> None:
    assert not is_untouched(replacement)


def test_several_methods_are_untouched_when_each_is(monkeypatch: pytest.MonkeyPatch) -> None:
    methods = [(Router, "__call__"), (Route, "handle")]
    assert are_untouched(methods)
    monkeypatch.setattr(Route, "handle", wrapper)
    assert not are_untouched(methods)


def replace_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CORSMiddleware, "send", wrapper)


def replace_static_method(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CORSMiddleware, "allow_explicit_origin", staticmethod(wrapper))


@pytest.mark.parametrize("replace", [replace_function, replace_static_method])
def test_a_class_is_untouched_when_every_method_of_its_own_is(
    monkeypatch: pytest.MonkeyPatch, replace: Callable[[pytest.MonkeyPatch], None]
) -> None:
    assert is_untouched_class(CORSMiddleware)
    monkeypatch.setattr(CORSMiddleware, "__slotnames__", [], raising=False)
    assert is_untouched_class(CORSMiddleware)
    replace(monkeypatch)
    assert not is_untouched_class(CORSMiddleware)
