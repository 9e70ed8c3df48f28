import asyncio
import asyncio.base_events
import asyncio.streams
import contextlib
import dis
import functools
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import FunctionType
from typing import Any

import pytest

from pronghorn._compile import callables
from pronghorn._compile.callables import (
    CallableTraits,
    innermost,
    is_async_generator_callable,
    is_bare_function,
    is_coroutine_callable,
    is_generator_callable,
    kind_of,
    strip_partial,
    traits,
)


def plain() -> int:
    return 1


async def coroutine() -> int:
    return 1


def generator() -> Iterator[int]:
    yield 1


async def async_generator() -> AsyncIterator[int]:
    yield 1


class Plain:
    def __call__(self) -> None: ...

    async def method(self) -> None: ...


class Coroutine:
    async def __call__(self) -> None: ...


class Generator:
    def __call__(self) -> Iterator[int]:
        yield 1


class AsyncGenerator:
    async def __call__(self) -> AsyncIterator[int]:
        yield 1


class Unhashable:
    __hash__ = None  # type: ignore[assignment]

    async def __call__(self) -> None: ...


def wrapping(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return call(*args, **kwargs)

    return wrapper


KINDS = [
    (plain, "plain"),
    (coroutine, "coroutine"),
    (generator, "generator"),
    (async_generator, "async generator"),
    (Plain(), "plain"),
    (Plain().method, "coroutine"),
    (Coroutine(), "coroutine"),
    (Generator(), "generator"),
    (AsyncGenerator(), "async generator"),
    (Unhashable(), "coroutine"),
    (len, "plain"),
]


@pytest.mark.parametrize(("call", "kind"), KINDS)
def test_the_kind_follows_from_the_function_that_runs(call: Callable[..., Any], kind: str) -> None:
    assert kind_of(call) == kind


@pytest.mark.parametrize(("call", "kind"), KINDS)
def test_a_partial_is_of_the_kind_of_its_function(call: Callable[..., Any], kind: str) -> None:
    assert kind_of(functools.partial(functools.partial(call))) == kind


@pytest.mark.parametrize(("call", "kind"), [pair for pair in KINDS if pair[0] is not len])
def test_a_decorator_that_names_what_it_wraps_keeps_the_kind(call: Callable[..., Any], kind: str) -> None:
    assert kind_of(wrapping(call)) == kind


@pytest.mark.parametrize("cls", [Plain, Coroutine, Generator, AsyncGenerator])
def test_calling_a_class_is_plain_whatever_its_instances_do(cls: type[Any]) -> None:
    assert kind_of(cls) == "plain"


def test_nothing_is_plain() -> None:
    assert kind_of(None) == "plain"


def test_there_is_a_question_for_every_kind() -> None:
    assert is_coroutine_callable(coroutine)
    assert is_generator_callable(generator)
    assert is_async_generator_callable(async_generator)
    assert not is_coroutine_callable(plain)
    assert not is_generator_callable(async_generator)
    assert not is_async_generator_callable(generator)


def test_a_callable_is_classified_once() -> None:
    assert traits(coroutine) is traits(coroutine)


def test_the_innermost_function_is_below_partials_and_decorators() -> None:
    assert innermost(functools.partial(wrapping(plain))) is plain


def test_partials_are_stripped_alone() -> None:
    wrapped = wrapping(plain)

    assert strip_partial(functools.partial(functools.partial(wrapped))) is wrapped


async def awaits(other: Awaitable[int]) -> int:
    return await other


async def enters(manager: Any) -> None:
    async with manager:
        pass


async def loops(items: AsyncIterator[int]) -> None:
    async for _ in items:
        pass


async def comprehends(items: AsyncIterator[int]) -> list[int]:
    return [item async for item in items]


async def defines() -> Callable[..., Awaitable[int]]:
    async def inner(other: Awaitable[int]) -> int:
        return await other

    return inner


class Awaiting:
    async def __call__(self, other: Awaitable[int]) -> int:
        return await other


@functools.wraps(coroutine)
async def wrapper_that_awaits() -> int:
    return await coroutine()


@pytest.mark.parametrize(
    "call", [coroutine, Coroutine(), Plain().method, functools.partial(coroutine), Unhashable(), defines]
)
def test_a_coroutine_without_await_never_suspends(call: Callable[..., Any]) -> None:
    assert traits(call).never_awaits


@pytest.mark.parametrize(
    "call",
    [awaits, enters, loops, comprehends, Awaiting(), functools.partial(awaits), wrapper_that_awaits],
)
def test_a_coroutine_with_await_may_suspend(call: Callable[..., Any]) -> None:
    assert is_coroutine_callable(call)
    assert not traits(call).never_awaits


def test_a_function_that_returns_an_awaitable_may_suspend() -> None:
    assert is_coroutine_callable(wrapping(coroutine))
    assert not traits(wrapping(coroutine)).never_awaits


async def awaiting_generator() -> AsyncIterator[Any]:
    yield await coroutine()


def wrapping_generator() -> AsyncIterator[Any]:
    return async_generator()


functools.update_wrapper(wrapping_generator, async_generator)


def test_an_asynchronous_generator_suspends_where_it_awaits() -> None:
    assert traits(async_generator).never_awaits
    assert not traits(awaiting_generator).never_awaits
    assert traits(wrapping_generator) == CallableTraits("async generator", never_awaits=False)


@pytest.mark.parametrize("call", [plain, generator])
def test_what_is_synchronous_is_not_known_never_to_suspend(call: Callable[..., Any]) -> None:
    assert not traits(call).never_awaits


@pytest.mark.parametrize("module", [asyncio.base_events, asyncio.streams, contextlib, inspect])
def test_operations_are_found_as_the_disassembler_finds_them(module: Any) -> None:
    pending = [
        member for member in vars(module).values() if inspect.isfunction(member) or inspect.isclass(member)
    ]
    functions = [f for each in pending for f in (vars(each).values() if inspect.isclass(each) else [each])]
    codes = [f.__code__ for f in functions if inspect.isfunction(f)]
    assert codes
    for code in codes:
        names = {each.opname for each in dis.get_instructions(code)}
        for name in ("GET_AWAITABLE", "YIELD_VALUE", "SEND", "GET_AITER"):
            found = not callables._opcodes(frozenset({name})).isdisjoint(code.co_code[::2])
            assert found == (name in names), (code, name)


async def _coroutine() -> None: ...
async def _async_generator() -> Any:
    yield 1


def _generator() -> Any:
    yield 1


def _plain() -> None: ...


@pytest.mark.parametrize("bare", [_coroutine, _async_generator, _generator, _plain, lambda: None])
def test_a_bare_function_is_of_the_kind_that_it_has_with_a_note_on_it(bare: Any) -> None:
    noted = FunctionType(bare.__code__, bare.__globals__)
    noted.__dict__["note"] = "anything"
    assert (is_bare_function(bare), is_bare_function(noted)) == (True, False)
    assert traits(bare) == traits(noted)


def test_a_wrapped_function_is_not_bare() -> None:
    assert not is_bare_function(functools.wraps(_coroutine)(lambda: None))
    assert kind_of(functools.wraps(_coroutine)(lambda: None)) == "coroutine"
