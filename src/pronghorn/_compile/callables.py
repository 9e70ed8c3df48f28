"""What kind of callable an endpoint or a dependency is, and whether it can ever suspend.

Lives here: classification of callables, through partials, decorators and ``__call__`` methods.
Must not live here: anything about parameters.
Invariant: a callable is classified once; the answer is kept by identity, as callables need not be hashable.
"""

from __future__ import annotations

import dis
import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any, Literal

if sys.version_info >= (3, 14):
    from inspect import iscoroutinefunction
else:
    # Knows functions marked for asyncio too.
    from asyncio import iscoroutinefunction

Kind = Literal["async generator", "generator", "coroutine", "plain"]

#: The kinds that yield.
GENERATORS: tuple[Kind, ...] = ("async generator", "generator")

_CACHE_SIZE = 4096

# Any of these in an `async def` body means that it may hand control back to the event loop.
_AWAITING = frozenset({"GET_AWAITABLE", "GET_AITER", "GET_ANEXT", "BEFORE_ASYNC_WITH", "SEND", "YIELD_FROM"})
_SUSPENDING = _AWAITING | {"YIELD_VALUE"}


# Beside what awaits: what is entered before an ``await`` and left after it.
_HOLDING = _AWAITING - {"GET_AWAITABLE", "SEND"} | {"BEFORE_WITH", "LOAD_SPECIAL"}
_WITHOUT_MEANING = frozenset({"PUSH_NULL", "PRECALL", "CACHE"})


@dataclass(frozen=True, slots=True)
class CallableTraits:
    """How a callable is run: its kind, and whether it is an `async def` that never suspends.

    An asynchronous generator suspends where it awaits, not where it yields.
    """

    kind: Kind
    never_awaits: bool


class _Identity:
    """A hashable stand-in for a callable, equal only to one of the very same object."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call = call

    def __hash__(self) -> int:
        return id(self.call)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and other.call is self.call


def strip_partial(call: Any) -> Any:
    """The function below any number of `functools.partial` layers."""
    while isinstance(call, functools.partial):
        call = call.func
    return call


def innermost(call: Any) -> Any:
    """The function below partials and below decorators that set ``__wrapped__``."""
    return inspect.unwrap(strip_partial(call))


def traits(call: Callable[..., Any]) -> CallableTraits:
    """Classify ``call``; see `CallableTraits`."""
    return _traits(_Identity(call))


def kind_of(call: Callable[..., Any] | None) -> Kind:
    """The kind of ``call``; None counts as plain."""
    return "plain" if call is None else traits(call).kind


def is_async_generator_callable(call: Callable[..., Any] | None) -> bool:
    """Whether calling ``call`` gives an asynchronous generator."""
    return kind_of(call) == "async generator"


def is_generator_callable(call: Callable[..., Any] | None) -> bool:
    """Whether calling ``call`` gives a generator."""
    return kind_of(call) == "generator"


def is_coroutine_callable(call: Callable[..., Any] | None) -> bool:
    """Whether calling ``call`` gives a coroutine."""
    return kind_of(call) == "coroutine"


def is_bare_function(call: Any) -> bool:
    """Whether ``call`` is a function that nothing was noted on: neither wrapped, nor marked, nor described."""
    return type(call) is FunctionType and not call.__dict__


@functools.lru_cache(maxsize=_CACHE_SIZE)
def _traits(identity: _Identity) -> CallableTraits:
    call = identity.call
    kind = _kind(call)
    if kind == "async generator":
        return CallableTraits(kind, _contains_none(call, inspect.CO_ASYNC_GENERATOR, _AWAITING))
    if kind == "coroutine":
        return CallableTraits(kind, _contains_none(call, inspect.CO_COROUTINE, _SUSPENDING))
    return CallableTraits(kind, never_awaits=False)


def _kind(call: Any) -> Kind:
    if is_bare_function(call):  # PERF (startup): its code tells what the tests below come to in many steps
        for flag, kind in _KINDS:
            if call.__code__.co_flags & flag:
                return kind
        return "plain"
    if _any_layer(call, inspect.isasyncgenfunction):
        return "async generator"
    if _any_layer(call, inspect.isgeneratorfunction):
        return "generator"
    return "coroutine" if _any_layer(call, _is_coroutine_function) else "plain"


_KINDS: tuple[tuple[int, Kind], ...] = (
    (inspect.CO_ASYNC_GENERATOR, "async generator"),
    (inspect.CO_GENERATOR, "generator"),
    (inspect.CO_COROUTINE, "coroutine"),
)


def _any_layer(call: Any, test: Callable[[Any], bool]) -> bool:
    return any(test(layer) for layer in _layers(call))


def _layers(call: Any) -> Iterator[Any]:
    """The functions that decide how ``call`` behaves, outermost first.

    A class counts by itself only: calling it makes an instance, whatever its ``__call__`` is.
    """
    outer, inner = strip_partial(call), innermost(call)
    yield outer
    yield inner
    if inspect.isclass(inner):
        return
    for target in (outer, inner):
        method = getattr(target, "__call__", None)  # noqa: B004 - the method itself is wanted
        if method is not None:
            yield strip_partial(method)
            yield innermost(method)


def _is_coroutine_function(candidate: Any) -> bool:
    return inspect.isroutine(candidate) and iscoroutinefunction(candidate)


def _contains_none(call: Any, kind: int, instructions: frozenset[str]) -> bool:
    """Whether the code that runs on ``await call(...)`` is of ``kind`` and contains none of ``instructions``.

    The outermost function counts, not what it wraps: a wrapper awaits what it wraps. Only a native
    `async def` can be judged; anything else (a plain function that returns an awaitable) may suspend.
    """
    target = strip_partial(call)
    if inspect.ismethod(target):
        target = target.__func__
    elif not inspect.isfunction(target):
        target = getattr(type(target), "__call__", None)  # noqa: B004 - the method itself is wanted
    code = getattr(target, "__code__", None)
    if code is None or not code.co_flags & kind:
        return False
    # PERF (startup): every other byte is an operation; decoding the instructions takes ten times as long.
    return _opcodes(instructions).isdisjoint(code.co_code[::2])


@functools.cache
def _opcodes(names: frozenset[str]) -> frozenset[int]:
    return frozenset(dis.opmap[name] for name in names if name in dis.opmap)


def awaits_only_its_second(call: Callable[..., Any]) -> bool:
    """Whether ``call(a, b)`` is an `async def` that waits for nothing but results of ``b(...)``, and holds nothing.

    That is: every ``await`` in it is one of its second parameter called with one variable, which nothing else is
    assigned to; there is no ``with``, no ``async with`` or ``for``. What that parameter does then decides alone
    whether the call can suspend.
    """
    function = strip_partial(call)
    is_bound = inspect.ismethod(function)
    code = getattr(function.__func__ if is_bound else function, "__code__", None)
    if function is not call or code is None or not code.co_flags & inspect.CO_COROUTINE:
        return False
    if code.co_argcount != 2 + is_bound or code.co_kwonlyargcount:
        return False
    parameter = code.co_varnames[1 + is_bound]
    instructions = [each for each in dis.get_instructions(code) if each.opname not in _WITHOUT_MEANING]
    return not any(
        each.opname in _HOLDING
        or (each.argval == parameter and each.opname.startswith(("STORE_", "DELETE_", "MAKE_CELL")))
        or (each.opname == "GET_AWAITABLE" and not _is_call_of(instructions[:position], parameter))
        for position, each in enumerate(instructions)
    )


def _is_call_of(instructions: list[dis.Instruction], name: str) -> bool:
    """Whether the last of ``instructions`` call ``name`` with one variable."""
    called, given, call = ([None] * 3 + instructions)[-3:]
    return (
        call is not None
        and (call.opname, call.arg) == ("CALL", 1)
        and given is not None
        and given.opname.startswith("LOAD_FAST")
        and called is not None
        and called.opname.startswith("LOAD_FAST")
        and called.argval == name
    )
