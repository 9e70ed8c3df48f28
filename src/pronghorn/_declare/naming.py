"""Names derived from declarations: path parameter names and operation ids."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection
from typing import Protocol

from pronghorn._base.declaration import require
from pronghorn._base.errors import FastAPIDeprecationWarning

_PATH_PARAMETER = re.compile("{(.*?)}")


class NamedRoute(Protocol):
    """What an operation id is made of."""

    @property
    def name(self) -> str:
        """The route's name."""
        ...

    @property
    def path_format(self) -> str:
        """The path, parameters in braces."""
        ...

    @property
    def methods(self) -> Collection[str] | None:
        """The methods it answers."""
        ...


def get_path_param_names(path: str) -> set[str]:
    """The names in a path template, as written there (with a convertor, if one is given).

    Example:
        >>> get_path_param_names("/items/{item_id}")
        {'item_id'}
    """
    return set(_PATH_PARAMETER.findall(path))


def _operation_id(name: str, path: str, method: str) -> str:
    start = re.sub(r"\W", "_", f"{name}{path}")
    return f"{start}_{method.lower()}"


def generate_unique_id(route: NamedRoute) -> str:
    """The default operation id of a path operation: name, path and method, as one identifier."""
    methods = tuple(route.methods or ())
    require(
        methods,
        f"Expected a route with HTTP methods, found {route!r} without",
        fix="name at least one in `methods`",
    )
    return _operation_id(route.name, route.path_format, methods[0])


def generate_operation_id_for_path(*, name: str, path: str, method: str) -> str:
    """Deprecated: an operation id from its parts."""
    warnings.warn(
        "fastapi.utils.generate_operation_id_for_path() was deprecated, it is not used internally, "
        "and will be removed soon",
        category=FastAPIDeprecationWarning,
        stacklevel=2,
    )
    return _operation_id(name, path, method)
