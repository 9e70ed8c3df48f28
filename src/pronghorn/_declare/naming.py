"""Names derived from declarations: path parameter names and operation ids."""

from __future__ import annotations

import re
from typing import Any

_PATH_PARAMETER = re.compile("{(.*?)}")


def get_path_param_names(path: str) -> set[str]:
    """The names in a path template, as written there (with a convertor, if one is given).

    Example:
        >>> get_path_param_names("/items/{item_id}")
        {'item_id'}
    """
    return set(_PATH_PARAMETER.findall(path))


def generate_unique_id(route: Any) -> str:
    """The default operation id of a path operation: name, path and method, as one identifier."""
    name = re.sub(r"\W", "_", f"{route.name}{route.path_format}")
    method = next(iter(route.methods))
    return f"{name}_{method.lower()}"
