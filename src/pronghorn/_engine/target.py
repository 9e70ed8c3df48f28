"""What the routing tree leads to: one path operation, ready to be run.

Lives here: the compiled plan of a route, made at its first request, and what the scope gets to see.
Must not live here: choosing or running it. Invariant: a target without a plan is answered the reference way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp

from pronghorn._compile.handler_spec import HandlerSpec
from pronghorn._compile.plan import EndpointPlan, compile_plan
from pronghorn._engine.exchange import Exchange
from pronghorn._engine.runtime import RUNTIME

NOT_COMPILED: Any = object()
"""Stands for the plan until it is asked for."""


class Target:
    """One path operation.

    Args:
        title: method and path, for people.
        spec: the settled declaration.
        app: answers it the reference way; an ASGI application inside the router.
        scope_items: what its scope shows: ``route``, ``endpoint``, ...
        app_items: what the application's layers put into a scope: ``app``, ``router``, handlers.
        max_body_size: the limit in force, in bytes.

    Attributes:
        plan: the compiled plan, None where only the reference way will do; `NOT_COMPILED` before `compile`.
    """

    __slots__ = ("app", "app_items", "max_body_size", "plan", "scope_items", "spec", "title")

    def __init__(
        self,
        title: str,
        spec: HandlerSpec,
        app: ASGIApp,
        scope_items: Mapping[str, Any],
        app_items: Mapping[str, Any],
        max_body_size: int | None,
    ) -> None:
        self.title = title
        self.spec = spec
        self.app = app
        self.scope_items = scope_items
        self.app_items = app_items
        self.max_body_size = max_body_size
        self.plan: EndpointPlan | None = NOT_COMPILED

    def compile(self) -> EndpointPlan | None:
        """The plan; compiled when that was not done before."""
        if self.plan is NOT_COMPILED:
            self.plan = compile_plan(self.spec, self.title, RUNTIME)
        return self.plan

    def within_limit(self, x: Exchange) -> bool:
        """Whether the body is known to keep the limit; if not, the reference way counts it."""
        if self.max_body_size is None:
            return True
        for name, value in x.headers:
            if name == b"content-length":
                return value.isdigit() and int(value) <= self.max_body_size
        return x.body is not None and len(x.body) <= self.max_body_size
