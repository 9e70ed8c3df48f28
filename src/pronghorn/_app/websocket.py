"""One WebSocket operation, as a Starlette route."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from starlette import routing
from starlette.routing import Match, compile_path, get_name
from starlette.types import Scope

from pronghorn._app.route import dependant_with
from pronghorn._compile.body import flat_body_params, should_embed_body_fields
from pronghorn._declare.depends import Depends
from pronghorn._engine.general import get_websocket_app, websocket_session


class APIWebSocketRoute(routing.WebSocketRoute):
    """A WebSocket endpoint with dependencies and parameters.

    Args:
        path: the path template.
        endpoint: the function; it accepts the connection itself.
        name: the name for ``url_path_for``.
        dependencies: run before the endpoint.
        dependency_overrides_provider: the application whose ``dependency_overrides`` apply.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        name: str | None = None,
        dependencies: Sequence[Depends] | None = None,
        dependency_overrides_provider: Any | None = None,
    ) -> None:
        self.path = path
        self.endpoint = endpoint
        self.name = get_name(endpoint) if name is None else name
        self.dependencies = list(dependencies or [])
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self.dependant = dependant_with(self.path_format, endpoint, self.dependencies)
        self._embed_body_fields = should_embed_body_fields(flat_body_params(self.dependant))
        self.app = websocket_session(
            get_websocket_app(self.dependant, dependency_overrides_provider, self._embed_body_fields)
        )

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the connection is for this endpoint."""
        match, child_scope = super().matches(scope)
        if match != Match.NONE:
            child_scope["route"] = self
        return match, child_scope
