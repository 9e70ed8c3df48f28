"""The order in which the callables of one path operation run, settled once.

Lives here: flattening the tree of needs into steps, with results shared as the cache rules say.
Must not live here: source code. Invariant: the steps are what the reference would run for a valid request
without overrides, in its order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pronghorn._compile.callables import CallableTraits, traits
from pronghorn._compile.dependant import CacheKey, Dependant, UsesScopesCache, cache_key
from pronghorn._schema.field import ModelField


@dataclass(slots=True)
class Step:
    """One call: what is called, how it runs, and where its arguments come from.

    Attributes:
        index: its place; the result is called ``r<index>`` in a plan.
        node: the needs of the callable.
        declared: the needs as declared at this place (lifetime, name).
        results: parameter name → index of the step whose result it gets.
    """

    index: int
    node: Dependant
    traits: CallableTraits
    results: dict[str, int] = field(default_factory=dict)

    @property
    def call(self) -> Any:
        """The callable."""
        return self.node.call

    @property
    def text_params(self) -> list[ModelField]:
        """The parameters that are read from text, by source."""
        node = self.node
        return [*node.path_params, *node.query_params, *node.header_params, *node.cookie_params]

    @property
    def is_sync(self) -> bool:
        """Whether it runs in a worker thread."""
        return self.traits.kind == "plain"

    @property
    def is_generator(self) -> bool:
        """Whether it has an exit that runs later."""
        return self.traits.kind in ("generator", "async generator")


@dataclass(slots=True)
class _Flattening:
    steps: list[Step] = field(default_factory=list)
    cached: dict[CacheKey, int] = field(default_factory=dict)
    scopes_cache: UsesScopesCache = field(default_factory=dict)


def ordered_steps(dependant: Dependant) -> list[Step]:
    """The calls of a path operation in order; the endpoint is the last."""
    flattening = _Flattening()
    _append(flattening, dependant)
    return flattening.steps


def _append(flattening: _Flattening, node: Dependant) -> Step:
    results: dict[str, int] = {}
    for child in node.dependencies:
        index = _result_of(flattening, child)
        if child.name is not None:
            results[child.name] = index
    assert node.call is not None  # set where the tree was built
    step = Step(len(flattening.steps), node, traits(node.call), results)
    flattening.steps.append(step)
    return step


def _result_of(flattening: _Flattening, node: Dependant) -> int:
    """The step whose result ``node`` stands for: its own, or an earlier one of the same key.

    The dependencies below a shared result are solved all the same, as some of them may not be shared.
    """
    key = cache_key(node, flattening.scopes_cache)
    shared = flattening.cached.get(key) if node.use_cache else None
    if shared is not None:
        for child in node.dependencies:
            _result_of(flattening, child)
        return shared
    step = _append(flattening, node)
    flattening.cached.setdefault(key, step.index)
    return step.index
