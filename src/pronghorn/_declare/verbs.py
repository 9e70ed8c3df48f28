"""The decorators of path operations, written once for applications and routers.

Must not live here: routes. Invariant: every verb is `api_route` with one method.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from typing_extensions import Unpack

from pronghorn._base.spelled_out import spelled_out
from pronghorn._declare.options import SHOWN_DEFAULTS, ApiRouteOptions, RouteOptions

DecoratedCallable = TypeVar("DecoratedCallable", bound=Callable[..., Any])
Decorator = Callable[[DecoratedCallable], DecoratedCallable]


_shows_its_options = spelled_out(RouteOptions, SHOWN_DEFAULTS)


class VerbDecorators:
    """Declares path operations; `api_route` of a subclass takes them.

    Every decorator gives back the function unchanged. The options are documented in `RouteOptions`.
    """

    @spelled_out(ApiRouteOptions, SHOWN_DEFAULTS)
    def api_route(
        self, path: str, **options: Unpack[ApiRouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a path operation for the methods in ``methods`` (GET by default)."""
        raise NotImplementedError

    @_shows_its_options
    def get(
        self, path: str, **options: Unpack[RouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a path operation for GET: read something.

        Args:
            path: the path template, e.g. ``/items/{item_id}``.
            options: see `RouteOptions`.
        """
        return self.api_route(path, methods=["GET"], **options)

    @_shows_its_options
    def put(
        self, path: str, **options: Unpack[RouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a path operation for PUT: replace something. See `get` for the arguments."""
        return self.api_route(path, methods=["PUT"], **options)

    @_shows_its_options
    def post(
        self, path: str, **options: Unpack[RouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a path operation for POST: create something. See `get` for the arguments."""
        return self.api_route(path, methods=["POST"], **options)

    @_shows_its_options
    def delete(
        self, path: str, **options: Unpack[RouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a path operation for DELETE: remove something. See `get` for the arguments."""
        return self.api_route(path, methods=["DELETE"], **options)

    @_shows_its_options
    def options(
        self, path: str, **options: Unpack[RouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a path operation for OPTIONS: say what is possible. See `get` for the arguments."""
        return self.api_route(path, methods=["OPTIONS"], **options)

    @_shows_its_options
    def head(
        self, path: str, **options: Unpack[RouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a path operation for HEAD: the headers of a GET. See `get` for the arguments."""
        return self.api_route(path, methods=["HEAD"], **options)

    @_shows_its_options
    def patch(
        self, path: str, **options: Unpack[RouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a path operation for PATCH: change part of something. See `get` for the arguments."""
        return self.api_route(path, methods=["PATCH"], **options)

    @_shows_its_options
    def trace(
        self, path: str, **options: Unpack[RouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a path operation for TRACE: echo the request. See `get` for the arguments."""
        return self.api_route(path, methods=["TRACE"], **options)
