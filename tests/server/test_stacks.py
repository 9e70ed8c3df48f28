"""Where a stack stands, in the user's words. Stacks are looked at while they run, from their innermost frame."""

from __future__ import annotations

import json
import string
import sys
from collections.abc import Callable
from typing import Any

import starlette.concurrency

from pronghorn.server.stacks import Place, Standstill, find_standstill

Found = Standstill | None


def look() -> Found:
    """Where the caller stands."""
    return find_standstill(sys._getframe(1))


def run_as(file: str, inner: Callable[[], Found]) -> Standstill:
    """What `inner` finds when it is called from a function of another file."""
    namespace: dict[str, Any] = {"inner": inner}
    exec(compile("def outer():\n    return inner()\n", file, "exec"), namespace)
    found: Found = namespace["outer"]()
    assert found is not None
    return found


def handler() -> Found:
    return helper()


def helper() -> Found:
    return look()


def test_the_handler_is_what_the_framework_called_and_the_call_is_the_innermost() -> None:
    for framework in ("<plan>", starlette.concurrency.__file__):
        found = run_as(framework, handler)
        assert (found.handler.function, found.handler.code) == ("handler", "helper()")
        assert (found.call.function, found.call.code) == ("helper", "look()")
        assert str(found) == (
            f"handler, at {found.handler.position}: helper(); the call that blocks: look(), in helper"
            f" at {found.call.position}"
        )


def test_a_handler_that_blocks_by_itself_is_told_once() -> None:
    found = run_as("<plan>", helper)
    assert found.handler == found.call
    assert str(found) == f"helper, at tests/server/test_stacks.py:{found.call.line}: look()"


def test_functions_that_the_framework_was_called_by_are_not_the_handler() -> None:
    def middleware() -> Found:
        return run_as("<plan>", handler)

    assert run_as("<plan>", middleware).handler.function == "handler"


def test_a_call_inside_a_library_is_told_by_the_users_line() -> None:
    found: list[Found] = []

    def hook(value: dict[str, Any]) -> None:
        found.append(find_standstill(sys._getframe(1)))  # the library, as if nobody had been called by it

    def user() -> Found:
        json.loads("{}", object_hook=hook)
        return found[0]

    place = run_as("<plan>", user).call
    assert place.function.endswith("user")
    assert place.code == 'json.loads("{}", object_hook=hook)'


def test_a_stack_without_the_users_code_has_no_place() -> None:
    class Bare:
        f_back = None
        f_code = compile("0", "<plan>", "exec")

    assert find_standstill(Bare()) is None  # type: ignore[arg-type]


def test_what_the_framework_has_a_library_do_is_not_the_users_code() -> None:
    found: list[Found] = []

    class Seen(dict[str, Any]):
        def __missing__(self, key: str) -> Any:
            found.append(find_standstill(sys._getframe(1)))  # the library, as if nobody had been called by it
            raise KeyError(key)

    exec(
        compile("string.Template('$a').safe_substitute(seen)", "<plan>", "exec"),
        {"string": string, "seen": Seen()},
    )
    assert found == [None]


def test_source_over_several_lines_is_shortened() -> None:
    def long() -> Found:
        return find_standstill(
            sys._getframe(0),
        )

    assert run_as("<plan>", long).call.code == "find_standstill( …"


def test_code_without_a_source_has_a_position_all_the_same() -> None:
    found = run_as("/no/such/file.py", lambda: find_standstill(sys._getframe(1)))
    assert found.call == Place("outer", "/no/such/file.py", 2, "")
    assert found.call.position == "/no/such/file.py:2"
