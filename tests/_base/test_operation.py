from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from pronghorn._base import operation as operation_module
from pronghorn._base.operation import UNOBSERVED, observe_operations, operation


@pytest.fixture(autouse=True)
def _no_observer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operation_module, "_observer", None)


def test_without_an_observer_a_stage_runs_in_the_shared_null_context() -> None:
    assert operation("endpoint", print) is UNOBSERVED
    with operation("endpoint"), operation("serialization"):
        pass


def test_the_observer_surrounds_the_stage() -> None:
    events: list[Any] = []

    @contextmanager
    def around(name: str) -> Iterator[None]:
        events.append(f"before {name}")
        yield
        events.append(f"after {name}")

    def observe(name: str, function: Callable[..., Any] | None) -> AbstractContextManager[None]:
        events.append(function)
        return around(name)

    assert observe_operations(observe) is None
    with operation("endpoint", print):
        events.append("inside")
    assert events == [print, "before endpoint", "inside", "after endpoint"]
    assert observe_operations(None) is observe
    assert operation("endpoint") is UNOBSERVED
