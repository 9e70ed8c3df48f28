"""The decorators of path operations, written once for applications and routers.

Must not live here: routes. Invariant: every verb is `api_route` with one method.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from typing_extensions import Unpack

from pronghorn._declare.options import ApiRouteOptions, RouteOptions

DecoratedCallable = TypeVar("DecoratedCallable", bound=Callable[..., Any])
Decorator = Callable[[DecoratedCallable], DecoratedCallable]


class VerbDecorators:
    """Declares path operations; `api_route` of a subclass takes them.

    Every decorator gives back the function unchanged. The options are documented in `RouteOptions`.
    """

    def api_route(
        self, path: str, **options: Unpack[ApiRouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a path operation for the methods in ``methods`` (GET by default)."""
        raise NotImplementedError

    def get(
        self, path: str, **options: Unpack[RouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a path operation for GET: read something.

        Args:
            path: the path template, e.g. ``/items/{item_id}``.
            options: see `RouteOptions`.
        """
        return self.api_route(path, methods=["GET"], **options)

    def put(
        self, path: str, **options: Unpack[RouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a path operation for PUT: replace something. See `get` for the arguments."""
        return self.api_route(path, methods=["PUT"], **options)

    def post(
        self, path: str, **options: Unpack[RouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a path operation for POST: create something. See `get` for the arguments."""
        return self.api_route(path, methods=["POST"], **options)

    def delete(
        self, path: str, **options: Unpack[RouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a path operation for DELETE: remove something. See `get` for the arguments."""
        return self.api_route(path, methods=["DELETE"], **options)

    def options(
        self, path: str, **options: Unpack[RouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a path operation for OPTIONS: say what is possible. See `get` for the arguments."""
        return self.api_route(path, methods=["OPTIONS"], **options)

    def head(
        self, path: str, **options: Unpack[RouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a path operation for HEAD: the headers of a GET. See `get` for the arguments."""
        return self.api_route(path, methods=["HEAD"], **options)

    def patch(
        self, path: str, **options: Unpack[RouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a path operation for PATCH: change part of something. See `get` for the arguments."""
        return self.api_route(path, methods=["PATCH"], **options)

    def trace(
        self, path: str, **options: Unpack[RouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a path operation for TRACE: echo the request. See `get` for the arguments."""
        return self.api_route(path, methods=["TRACE"], **options)
