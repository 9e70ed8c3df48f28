from collections.abc import MutableMapping
from contextlib import AsyncExitStack
from types import MappingProxyType
from typing import Any

import pytest

from pronghorn._engine.exchange import Exchange
from pronghorn._engine.lazy_scope import FUNCTION_STACK, INNER_STACK, STACKS, LazyScope
from pronghorn._engine.stacks import close_stacks, has_opened, offer_stacks, unwind

pytestmark = pytest.mark.anyio

MIDDLEWARE = STACKS[-1]


class Holder(Exchange):
    """Holds a scope."""

    def __init__(self, scope: MutableMapping[str, Any] | None) -> None:
        self._scope = scope


class NestedHolder(Holder):
    nested = True


def test_a_scope_of_others_is_offered_stacks() -> None:
    scope: dict[str, Any] = {}

    assert offer_stacks(Holder(scope))
    assert sorted(scope) == sorted(STACKS)


def test_within_an_application_the_outermost_stack_is_there_already() -> None:
    scope: dict[str, Any] = {}

    assert offer_stacks(NestedHolder(scope))
    assert sorted(scope) == sorted([INNER_STACK, FUNCTION_STACK])


@pytest.mark.parametrize("scope", [None, LazyScope()])
def test_a_scope_that_makes_them_is_offered_none(scope: Any) -> None:
    assert not offer_stacks(Holder(scope))
    assert not scope


def test_it_is_known_whether_a_stack_was_asked_for() -> None:
    scope = LazyScope()
    assert not has_opened(Holder(None))
    assert not has_opened(Holder({INNER_STACK: AsyncExitStack()}))
    assert not has_opened(Holder(scope))

    assert scope[INNER_STACK]
    assert has_opened(Holder(scope))


async def test_stacks_are_closed_in_order_if_they_are_there() -> None:
    closed: list[str] = []
    scope = LazyScope()
    for key in (INNER_STACK, FUNCTION_STACK):
        scope[key].callback(closed.append, key)

    await close_stacks(Holder(None), *STACKS)
    await close_stacks(Holder(scope), *STACKS)

    assert closed == [FUNCTION_STACK, INNER_STACK]
    assert MIDDLEWARE not in dict(scope)


async def test_the_outermost_stack_is_closed_by_who_made_it() -> None:
    closed: list[str] = []
    stack = AsyncExitStack()
    stack.callback(closed.append, "closed")
    scope: Any = MappingProxyType({MIDDLEWARE: stack})

    await close_stacks(NestedHolder(scope), MIDDLEWARE)
    assert closed == []
    await close_stacks(Holder(scope), MIDDLEWARE)
    assert closed == ["closed"]


async def test_an_exception_passes_the_outermost_stack() -> None:
    seen: list[Any] = []

    def leave(kind: Any, error: Any, trace: Any) -> bool:
        seen.append(error)
        raise KeyError("of the exit")

    scope = LazyScope()
    first = ValueError("first")
    assert await unwind(Holder(scope), first) is first
    scope[MIDDLEWARE].push(leave)
    assert await unwind(NestedHolder(scope), first) is first
    second = await unwind(Holder(scope), first)

    assert seen == [first]
    assert isinstance(second, KeyError)
    assert await unwind(Holder(scope), second) is second
