"""The source of plans that are stepped: their calls, each where it belongs, and the exits of dependencies.

Lives here: which exits a plan can hold, the statements around what lies between entering and leaving, and where a
plan has to change between the event loop and a thread. Must not live here: what that means (`_engine.exits`,
`_engine.stepping`). Invariant: as with the reference's two exit stacks, the function's exits run before the answer
is sent, the request's after it, each in reverse order; what may be thrown at any place says first where it goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from pronghorn._compile.codegen import SourceWriter
from pronghorn._compile.graph import Step

Way = Literal["in place", "relay", "thread", "task"]

#: More blocks than this are not nested: Python has a limit of its own for that.
_MOST_NESTED = 12


def way_of(steps: Sequence[Step], *, sees_stacks: bool) -> Way:
    """How a plan is run; see `EndpointPlan.way`.

    Args:
        steps: its calls.
        sees_stacks: whether user code may look for exit stacks.
    """
    if any(step.is_generator for step in steps) and (sees_stacks or not _are_in_order(steps)):
        return "task"
    if all(_is_threaded(step) for step in steps):
        return "thread"
    if not all(_is_threaded(step) or step.traits.never_awaits for step in steps):
        return "task"
    return "relay" if any(_is_threaded(step) for step in steps) else "in place"


def is_alone(steps: Sequence[Step]) -> bool:
    """Whether the only exit is that of one asynchronous generator, after the response."""
    exits = [step for step in steps if step.is_generator]
    return len(exits) == 1 and exits[0].traits.kind == "async generator" and exits[0].node.scope != "function"


def _is_threaded(step: Step) -> bool:
    return step.is_sync or step.traits.kind == "generator"


def _are_in_order(steps: Sequence[Step]) -> bool:
    """Whether leaving in the reverse order of entering is what the lifetimes of all exits ask for."""
    lifetimes = [step.node.scope == "function" for step in steps if step.is_generator]
    return lifetimes == sorted(lifetimes) and len(lifetimes) <= _MOST_NESTED


class SteppedWriter:
    """Writes the calls of a plan that is a generator.

    Args:
        writer: of the plan.
        steps: in order; the endpoint is the last.
        way: of the plan: ``in place``, ``relay`` or ``thread``.
        call_source: the call of a step.
        write_call: writes a step without an exit.
    """

    def __init__(
        self,
        writer: SourceWriter,
        steps: Sequence[Step],
        way: Way,
        call_source: Callable[[Step], str],
        write_call: Callable[[Step], None],
    ) -> None:
        self._writer = writer
        self._steps = steps
        self._changes = way != "in place"
        self._threaded = way == "thread"
        self._call_source = call_source
        self._write_call = write_call
        exits = [step for step in steps if step.is_generator]
        of_request = [step for step in exits if step.node.scope != "function"]
        self._has_function_exits = len(exits) > len(of_request)
        self._last_of_request = of_request[-1] if of_request else None

    def write(self, write_answer: Callable[[], None]) -> None:
        """Write all calls, and the answer after them."""
        if self._last_of_request is not None:
            self._writer.line("finished = False")
        self._write_from(0, write_answer)
        if self._last_of_request is not None:
            self._require("finished")
        elif self._has_function_exits:
            self._require("x.outcome is not None")

    def _write_from(self, position: int, write_answer: Callable[[], None]) -> None:
        for index in range(position, len(self._steps)):
            step = self._steps[index]
            self._go(threaded=_is_threaded(step), marker="IN_THREAD")
            if step.is_generator:
                self._write_around(step, index + 1, write_answer)
                return
            self._write_call(step)
        write_answer()

    def _write_around(self, step: Step, position: int, write_answer: Callable[[], None]) -> None:
        """Write a step with an exit, and what is inside of it."""
        with self._entered(step):
            self._write_from(position, write_answer)
            if step is self._last_of_request:
                self._pause()

    def _go(self, *, threaded: bool, marker: str, anew: bool = False) -> None:
        """Change to where the next call belongs; ``anew`` where nobody can tell what place this is."""
        if threaded != self._threaded or (anew and self._changes):
            self._writer.line(f"yield {marker if threaded else 'ON_LOOP'}")
            self._threaded = threaded

    @contextmanager
    def _entered(self, step: Step) -> Iterator[None]:
        """Around what runs between a generator's ``yield`` and its exit."""
        line, block = self._writer.line, self._writer.block
        threaded = _is_threaded(step)
        generator, result = f"g{step.index}", f"r{step.index}"
        line(f"{generator} = {self._call_source(step)}")
        if threaded:
            line(f"{result} = isolate(next, {generator}, MISSING)")
            with block(f"if {result} is MISSING:"):
                line('raise RuntimeError("generator didn\'t yield")')
        else:
            with block("try:"):
                line(f"{result} = yield from anext({generator})")
            with block("except StopAsyncIteration:"):
                line('raise RuntimeError("generator didn\'t yield") from None')
        with block("try:"):
            yield
        place = self._threaded
        with block("except BaseException as error:"):
            self._go(threaded=threaded, marker="LEAVING", anew=True)
            thrown = "isolate(throw, {}, error)" if threaded else "(yield from throw_async({}, error))"
            with block(f"if not {thrown.format(generator)}:"):
                line("raise")
        self._threaded = place
        with block("else:"):
            self._go(threaded=threaded, marker="LEAVING")
            self._write_leaving(generator, threaded=threaded)

    def _write_leaving(self, generator: str, *, threaded: bool) -> None:
        line, block = self._writer.line, self._writer.block
        if threaded:
            with block(f"if isolate(next, {generator}, MISSING) is not MISSING:"):
                line(f"isolate(stop, {generator})")
            return
        with block("try:"):
            line(f"yield from anext({generator})")
        with block("except StopAsyncIteration:"):
            line("pass")
        with block("else:"):
            line(f"yield from stop_async({generator})")

    def _pause(self) -> None:
        """Inside of the request's exits: let the answer be sent, unless a function's exit swallowed what failed."""
        if self._has_function_exits:
            self._require("x.outcome is not None")
        self._writer.line("yield SENDING")
        self._writer.line("finished = True")
        self._threaded = False

    def _require(self, condition: str) -> None:
        """Raise unless ``condition``: an exit has swallowed the exception that was to be answered."""
        with self._writer.block(f"if not ({condition}):"):
            self._writer.line("raise not_awaited()")
