"""The record of one callable's needs: its parameters by source, its dependencies, its injectables.

Lives here: `Dependant` and what follows from one (cache key, OAuth scopes, lifetime).
Must not live here: reading signatures (`signature`), running anything (`_engine`).
Invariant: a `Dependant` is an ordinary mutable record, since plugins edit it; whoever derives something
from it compares `pronghorn._base.generation` to learn of edits, then `fingerprint` to learn whether it matters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from pronghorn._base.concurrency import DependencyConcurrency
from pronghorn._base.generation import TrackedList, generation, tracked
from pronghorn._compile.callables import innermost, kind_of
from pronghorn._declare.security.base import SecurityBase
from pronghorn._schema.field import ModelField

CacheKey = tuple[Callable[..., Any] | None, tuple[str, ...], str]
UsesScopesCache = dict[int, tuple["Dependant", bool]]


@dataclass(slots=True)
class Dependant:
    """What one endpoint or dependency callable has to be given, and how its result is kept.

    The ``*_params`` lists hold the fields read from the request; ``dependencies`` the sub-dependencies in
    the order in which they run; the ``*_param_name`` attributes name the parameters that are injected.
    """

    path_params: list[ModelField] = field(default_factory=TrackedList)
    query_params: list[ModelField] = field(default_factory=TrackedList)
    header_params: list[ModelField] = field(default_factory=TrackedList)
    cookie_params: list[ModelField] = field(default_factory=TrackedList)
    body_params: list[ModelField] = field(default_factory=TrackedList)
    dependencies: list[Dependant] = field(default_factory=TrackedList)
    name: str | None = None
    call: Callable[..., Any] | None = None
    request_param_name: str | None = None
    websocket_param_name: str | None = None
    http_connection_param_name: str | None = None
    response_param_name: str | None = None
    background_tasks_param_name: str | None = None
    security_scopes_param_name: str | None = None
    own_oauth_scopes: list[str] | None = None
    parent_oauth_scopes: list[str] | None = None
    use_cache: bool = True
    path: str | None = None
    scope: Literal["function", "request"] | None = None
    concurrency: DependencyConcurrency | None = None

    def __setattr__(self, name: str, value: object) -> None:
        generation.value += 1
        object.__setattr__(self, name, tracked(value))


def oauth_scopes(dependant: Dependant) -> list[str]:
    """The OAuth scopes in force at ``dependant``: those of its parents, then its own, without repeats."""
    return list(dict.fromkeys([*(dependant.parent_oauth_scopes or []), *(dependant.own_oauth_scopes or [])]))


def computed_scope(dependant: Dependant) -> str | None:
    """How long the result lives: as declared, else ``request`` for generators, else None."""
    if dependant.scope:
        return dependant.scope
    return "request" if kind_of(dependant.call) in ("generator", "async generator") else None


def is_security_scheme(dependant: Dependant) -> bool:
    """Whether the callable is an instance of a security scheme."""
    return dependant.call is not None and isinstance(innermost(dependant.call), SecurityBase)


def security_scheme(dependant: Dependant) -> SecurityBase:
    """The security scheme that ``dependant`` calls; call only where `is_security_scheme` holds."""
    scheme = innermost(dependant.call)
    if not isinstance(scheme, SecurityBase):
        raise TypeError(f"Expected a security scheme, found {scheme!r}")
    return scheme


def uses_scopes(dependant: Dependant, cache: UsesScopesCache | None = None) -> bool:
    """Whether the result can depend on OAuth scopes: its own, or somewhere below it."""
    cache = {} if cache is None else cache
    known = cache.get(id(dependant))
    if known is not None and known[0] is dependant:
        return known[1]
    answer = bool(
        dependant.own_oauth_scopes
        or dependant.security_scopes_param_name is not None
        or is_security_scheme(dependant)
        or any(uses_scopes(child, cache) for child in dependant.dependencies)
    )
    cache[id(dependant)] = (dependant, answer)
    return answer


def cache_key(dependant: Dependant, uses_scopes_cache: UsesScopesCache | None = None) -> CacheKey:
    """What must be equal for one result to serve two dependencies of the same request."""
    scopes: tuple[str, ...] = ()
    if uses_scopes(dependant, uses_scopes_cache):
        scopes = tuple(sorted(set(oauth_scopes(dependant))))
    return (dependant.call, scopes, computed_scope(dependant) or "")


def walk(dependant: Dependant) -> Iterator[Dependant]:
    """``dependant`` and everything below it, parents before children, in declaration order."""
    pending = [dependant]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(current.dependencies))


def fingerprint(dependant: Dependant) -> tuple[object, ...]:
    """A value that changes when the tree is edited in a way that a compiled plan has to follow."""
    return tuple(
        part
        for node in walk(dependant)
        for part in (
            id(node), node.call, node.name, node.use_cache, node.scope, node.concurrency,
            *node.path_params, *node.query_params, *node.header_params, *node.cookie_params,
            *node.body_params, len(node.dependencies),
            node.request_param_name, node.http_connection_param_name, node.response_param_name,
            node.background_tasks_param_name, node.security_scopes_param_name,
            *(node.own_oauth_scopes or ()), *(node.parent_oauth_scopes or ()),
        )
    )  # fmt: skip
