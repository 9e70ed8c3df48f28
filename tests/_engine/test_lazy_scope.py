from contextlib import AsyncExitStack

import pytest

from pronghorn._engine.lazy_scope import STACKS, LazyScope


def test_a_stack_is_made_when_it_is_asked_for() -> None:
    scope = LazyScope({"type": "http"})
    assert not scope.opened

    stack = scope["fastapi_inner_astack"]

    assert isinstance(stack, AsyncExitStack)
    assert scope["fastapi_inner_astack"] is stack
    assert scope.get("fastapi_inner_astack") is stack
    assert scope.opened
    assert sorted(scope) == ["fastapi_inner_astack", "type"]


def test_stacks_are_there_for_who_looks_before() -> None:
    scope = LazyScope()

    assert all(key in scope for key in STACKS)
    assert not scope.opened


def test_anything_else_is_as_in_a_dict() -> None:
    scope = LazyScope(type="http")

    assert (scope["type"], scope.get("type"), scope.get("other"), scope.get("other", 1)) == (
        "http",
        "http",
        None,
        1,
    )
    assert "type" in scope
    assert "other" not in scope
    with pytest.raises(KeyError):
        scope["other"]
