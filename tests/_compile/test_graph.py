from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

from pronghorn import Depends, Security
from pronghorn._compile.graph import Step, ordered_steps
from pronghorn._compile.signature import get_dependant
from pronghorn.security import SecurityScopes


def first() -> str:
    return "first"


async def second(of: Annotated[str, Depends(first)]) -> str:
    return of


def scoped(scopes: SecurityScopes) -> list[str]:
    return scopes.scopes


def generated() -> Iterator[int]:
    yield 1


async def generated_later() -> AsyncIterator[int]:
    yield 1


def steps_of(call: Any) -> list[Step]:
    return ordered_steps(get_dependant(path="/", call=call))


def names(steps: list[Step]) -> list[str]:
    return [step.call.__name__ for step in steps]


def test_the_endpoint_comes_last_and_what_it_needs_before() -> None:
    def endpoint(a: Annotated[str, Depends(second)]) -> None: ...

    steps = steps_of(endpoint)

    assert names(steps) == ["first", "second", "endpoint"]
    assert [step.index for step in steps] == [0, 1, 2]
    assert [step.results for step in steps] == [{}, {"of": 0}, {"a": 1}]


def test_a_result_is_shared() -> None:
    def endpoint(a: Annotated[str, Depends(first)], b: Annotated[str, Depends(second)]) -> None: ...

    steps = steps_of(endpoint)

    assert names(steps) == ["first", "second", "endpoint"]
    assert steps[2].results == {"a": 0, "b": 1}


def test_a_result_is_not_shared_with_who_asks_for_one_of_its_own() -> None:
    def endpoint(
        a: Annotated[str, Depends(first)],
        b: Annotated[str, Depends(first, use_cache=False)],
        c: Annotated[str, Depends(first)],
    ) -> None: ...

    steps = steps_of(endpoint)

    assert names(steps) == ["first", "first", "endpoint"]
    assert steps[2].results == {"a": 0, "b": 1, "c": 0}


def test_below_a_shared_result_what_is_not_shared_runs_again() -> None:
    def outer(of: Annotated[str, Depends(first, use_cache=False)]) -> None: ...
    def endpoint(a: Annotated[None, Depends(outer)], b: Annotated[None, Depends(outer)]) -> None: ...

    assert names(steps_of(endpoint)) == ["first", "outer", "first", "endpoint"]


def test_scopes_divide_results_of_what_reads_them() -> None:
    def endpoint(
        a: Annotated[Any, Security(scoped, scopes=["x"])],
        b: Annotated[Any, Security(scoped, scopes=["y"])],
        c: Annotated[Any, Security(first, scopes=[])],
        d: Annotated[Any, Depends(first)],
    ) -> None: ...

    steps = steps_of(endpoint)

    assert names(steps) == ["scoped", "scoped", "first", "endpoint"]
    assert steps[3].results == {"a": 0, "b": 1, "c": 2, "d": 2}


def test_a_dependency_without_a_parameter_gives_nobody_its_result() -> None:
    dependant = get_dependant(path="/", call=first)
    nameless = get_dependant(path="/", call=scoped)
    dependant.dependencies.append(nameless)

    steps = ordered_steps(dependant)

    assert names(steps) == ["scoped", "first"]
    assert steps[1].results == {}


def test_a_step_tells_how_it_runs() -> None:
    def told(call: Any) -> tuple[bool, bool]:
        step = steps_of(call)[-1]
        return step.is_sync, step.is_generator

    assert told(first) == (True, False)
    assert told(second) == (False, False)
    assert told(generated) == (False, True)
    assert told(generated_later) == (False, True)
