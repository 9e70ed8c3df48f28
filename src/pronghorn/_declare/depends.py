"""The markers of dependencies: `Depends` and `Security`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pronghorn._base.concurrency import DependencyConcurrency


@dataclass(frozen=True)
class Depends:
    """A parameter whose value is the result of a dependency.

    Attributes:
        dependency: the callable; None means the parameter's annotated type.
        use_cache: whether one result may serve all dependencies of a request that name this callable.
        scope: for a dependency with ``yield``, whether it ends with the endpoint function or, the
            default, with the request.
        max_concurrency: the most uses at once of this declaration, per event loop.
    """

    dependency: Callable[..., Any] | None = None
    use_cache: bool = True
    scope: Literal["function", "request"] | None = None
    max_concurrency: int | None = field(default=None, kw_only=True)
    _concurrency: DependencyConcurrency | None = field(default=None, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        limit = self.max_concurrency
        cap = self._concurrency
        if limit is None:
            cap = None
        elif type(limit) is not int or limit < 1:
            raise ValueError("max_concurrency must be a positive integer or None")
        elif cap is None or cap.max_concurrency != limit:
            cap = DependencyConcurrency(limit)
        object.__setattr__(self, "_concurrency", cap)


@dataclass(frozen=True)
class Security(Depends):
    """A dependency that also requires OAuth2 scopes.

    Attributes:
        scopes: the scopes required here, beside those required above.
    """

    scopes: Sequence[str] | None = None
