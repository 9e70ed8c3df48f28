"""Frontends behind the routes of a router: a built single-page application, a static site.

A router keeps its frontends in one `FrontendGroup` and asks it after every route, and after the redirect of
slashes, found nothing; an including router asks a group `included` under its prefix. The files themselves are
`frontend_files`. Invariant: of all frontends that a path lies below, the one with the longest path answers,
wherever it was declared.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NoReturn, TypeVar

from starlette._utils import get_route_path
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from pronghorn._app.frontend_files import (
    FALLBACKS,
    READING_METHODS,
    Directory,
    Fallback,
    FrontendFiles,
)
from pronghorn._base.declaration import require
from pronghorn._base.errors import RequestValidationError
from pronghorn._compile.body import flat_body_params, should_embed_body_fields
from pronghorn._compile.signature import get_dependant, get_parameterless_sub_dependant
from pronghorn._declare.depends import Depends
from pronghorn._engine.files import sender_of
from pronghorn._engine.lazy_scope import FUNCTION_STACK, INNER_STACK
from pronghorn._engine.reference import SolvedDependency
from pronghorn._engine.seams import seams
from pronghorn._engine.telemetry import route_selected

R = TypeVar("R")
Candidate = tuple[Match, Scope, R]

_SCOPE_KEY = "fastapi"
_PATH_KEY = "frontend_path"
_SPECIFICITY_KEY = "frontend_specificity"
_STACK_KEYS = (INNER_STACK, FUNCTION_STACK)
_NO_MATCH: tuple[Match, Scope, None] = (Match.NONE, {}, None)


def normalize_path(path: str) -> str:
    """A frontend's path as it is matched: absolute, without a slash at its end.

    Raises:
        DeclarationError: the path is empty or relative.
    """
    require(path, "A frontend path cannot be empty")
    require(path.startswith("/"), "A frontend path must start with '/'")
    return path.rstrip("/") or "/"


def join_paths(prefix: str, path: str) -> str:
    """A frontend's path below the prefix of a router.

    >>> join_paths("/admin", "/"), join_paths("/admin", "/ui"), join_paths("", "/")
    ('/admin', '/admin/ui', '/')
    """
    if not prefix:
        return path
    return prefix if path == "/" else prefix + path


def choose(candidates: Iterable[Candidate[R]]) -> tuple[Match, Scope, R | None]:
    """The candidate that answers: a full match before a partial one, the more specific frontend, the first.

    Args:
        candidates: the match of each, what it adds to the scope, and what it is. Candidates that are no
            frontends keep their place: neither they nor what is compared with them is outranked.
    """
    best: dict[Match, Candidate[R]] = {}
    for candidate in candidates:
        match, child_scope, _ = candidate
        held = best.get(match)
        if held is None or _is_more_specific(child_scope, held[1]):
            best[match] = candidate
    return best.get(Match.FULL) or best.get(Match.PARTIAL) or _NO_MATCH


def _is_more_specific(scope: Scope, held: Scope) -> bool:
    specificity, other = _specificity(scope), _specificity(held)
    return specificity is not None and other is not None and specificity > other


def _specificity(child_scope: Scope) -> int | None:
    value = child_scope.get(_SCOPE_KEY, {}).get(_SPECIFICITY_KEY)
    return value if isinstance(value, int) else None


class FrontendRoute(BaseRoute):
    """One directory served below one path.

    Args:
        path: the path, before any prefix of an including router.
        directory: the directory to serve.
        fallback: what answers paths that are no files; see `FrontendFiles`.
        check_dir: whether the directory has to exist now.
    """

    methods = READING_METHODS

    def __init__(
        self, path: str, *, directory: Directory, fallback: Fallback = "auto", check_dir: bool
    ) -> None:
        require(fallback in FALLBACKS, "fallback must be 'auto', 'index.html', '404.html', or None")
        self.path = normalize_path(path)
        self.app = FrontendFiles(directory=directory, fallback=fallback, check_dir=check_dir)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the request is for this frontend; partly, when only its method is not."""
        return self.matches_at(self.path, scope)

    def matches_at(self, path: str, scope: Scope) -> tuple[Match, Scope]:
        """`matches`, for a frontend that stands at `path`."""
        if scope["type"] != "http":
            return Match.NONE, {}
        rest = _path_below(path, get_route_path(scope))
        if rest is None:
            return Match.NONE, {}
        specificity = 0 if path == "/" else len(path)
        child_scope = {_SCOPE_KEY: {_PATH_KEY: rest, _SPECIFICITY_KEY: specificity}}
        return Match.FULL if scope["method"] in self.methods else Match.PARTIAL, child_scope

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the file that the request was matched with."""
        response = await self.app.answer(scope[_SCOPE_KEY][_PATH_KEY], scope)
        await sender_of(response)(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> NoReturn:
        """A frontend has no name to find its URL by."""
        raise NoMatchFound(name, path_params)


class FrontendGroup(BaseRoute):
    """The frontends of one router, seen from one place.

    Args:
        dependencies: run before a file is served.
        dependency_overrides_provider: the application whose `dependency_overrides` apply.
        prefix: where the router is included.
    """

    def __init__(
        self,
        *,
        dependencies: Sequence[Depends] | None = None,
        dependency_overrides_provider: Any | None = None,
        prefix: str = "",
    ) -> None:
        self.routes: list[FrontendRoute] = []
        self.dependencies = list(dependencies or [])
        self.dependency_overrides_provider = dependency_overrides_provider
        self.prefix = prefix
        self.dependant = get_dependant(path="", call=_serve_files, scope="function")
        self.dependant.dependencies[:0] = [
            get_parameterless_sub_dependant(depends=depends, path="") for depends in self.dependencies
        ]
        self._embed_body_fields = should_embed_body_fields(flat_body_params(self.dependant))

    def add(self, path: str, *, directory: Directory, fallback: Fallback = "auto", check_dir: bool) -> None:
        """Add a frontend; see `FrontendRoute`."""
        self.routes.append(FrontendRoute(path, directory=directory, fallback=fallback, check_dir=check_dir))

    def included(
        self, *, prefix: str, dependencies: Sequence[Depends], dependency_overrides_provider: Any | None
    ) -> "FrontendGroup":
        """These frontends as a router sees them that includes theirs; frontends added later are seen too.

        Args:
            prefix: all prefixes between the two routers.
            dependencies: run before the group's own.
            dependency_overrides_provider: the including application.
        """
        view = FrontendGroup(
            dependencies=[*dependencies, *self.dependencies],
            dependency_overrides_provider=dependency_overrides_provider,
            prefix=prefix + self.prefix,
        )
        view.routes = self.routes
        return view

    def match(self, scope: Scope, prefix: str | None = None) -> tuple[Match, Scope, FrontendRoute | None]:
        """The frontend that a request is for, and what it adds to the scope.

        Args:
            scope: the ASGI scope.
            prefix: where the group stands, instead of its own prefix.
        """
        prefix = self.prefix if prefix is None else prefix
        return choose(
            (*route.matches_at(join_paths(prefix, route.path), scope), route) for route in self.routes
        )

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the request is for one of the frontends; partly, when only its method is not."""
        match, child_scope, _ = self.match(scope)
        return match, child_scope

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Solve the dependencies, then answer with a file.

        Raises:
            HTTPException: there is none, or the dependencies refused.
        """
        match, child_scope, route = self.match(scope)
        if route is None:
            raise HTTPException(404)
        scope.setdefault(_SCOPE_KEY, {}).update(child_scope[_SCOPE_KEY])
        route_selected(scope, join_paths(self.prefix, route.path).rstrip("/") + "/{path}")
        if match is Match.FULL and self.dependant.dependencies:
            await self._handle_guarded(route, scope, receive, send)
        else:
            await route.handle(scope, receive, send)

    async def _handle_guarded(self, route: FrontendRoute, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._solved(scope, receive, send) as solved:
            response = await route.app.answer(scope[_SCOPE_KEY][_PATH_KEY], scope)
            response.background = solved.background_tasks
            response.headers.raw.extend(solved.response.headers.raw)
            await sender_of(response)(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> NoReturn:
        """A frontend has no name to find its URL by."""
        raise NoMatchFound(name, path_params)

    @asynccontextmanager
    async def _solved(self, scope: Scope, receive: Receive, send: Send) -> AsyncIterator[SolvedDependency]:
        """The solved dependencies; those with `yield` end after the response, both scopes of them."""
        outer = {key: scope[key] for key in _STACK_KEYS if key in scope}
        try:
            async with AsyncExitStack() as request_stack, AsyncExitStack() as function_stack:
                scope.update(zip(_STACK_KEYS, (request_stack, function_stack), strict=True))
                solved: SolvedDependency = await seams.get("solve_dependencies")(
                    request=Request(scope, receive, send),
                    dependant=self.dependant,
                    dependency_overrides_provider=self.dependency_overrides_provider,
                    async_exit_stack=request_stack,
                    embed_body_fields=self._embed_body_fields,
                )
                if solved.errors:
                    raise RequestValidationError(solved.errors)
                yield solved
        finally:
            for key in _STACK_KEYS:
                scope.pop(key, None)
            scope.update(outer)


def _serve_files() -> None:
    """What the dependencies of a frontend guard: a path operation without parameters of its own."""


def _path_below(path: str, route_path: str) -> str | None:
    """What is left of a request's path below a frontend's; `None` when it does not lie there."""
    if path == "/":
        return route_path.lstrip("/")
    if route_path == path:
        return ""
    return route_path.removeprefix(f"{path}/") if route_path.startswith(f"{path}/") else None
