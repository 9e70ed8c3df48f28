"""From an import string to an application.

Lives here: `package.module:attribute`. Must not live here: guessing which one is meant (`cli`).
"""

from __future__ import annotations

import importlib
import os
import sys
from types import TracebackType
from typing import Any

_NOT_THE_USERS = ("<frozen importlib", importlib.__file__, os.path.dirname(os.path.abspath(__file__)))


class CannotLoad(ImportError):
    """The import string names nothing that can be served."""


def load_app(target: Any) -> Any:
    """The application that `target` names, or is.

    Args:
        target: `module:attribute`, with dots for attributes of attributes, or an application.

    Raises:
        CannotLoad: the string has another form, or the module lacks the attribute.
    """
    if not isinstance(target, str):
        return target
    module_name, colon, attributes = target.partition(":")
    if not (module_name and colon and attributes):
        raise CannotLoad(f"application is {target!r}: expected 'module:attribute', such as 'main:app'")
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.insert(0, os.getcwd())
    found: Any = importlib.import_module(module_name)
    for attribute in attributes.split("."):
        try:
            found = getattr(found, attribute)
        except AttributeError as error:
            raise CannotLoad(f"application is {target!r}: {module_name} has no {attributes!r}") from error
    return found


def users_part(trace: TracebackType | None) -> TracebackType | None:
    """What is left of a traceback of `load_app` without our frames and the import system's."""
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_NOT_THE_USERS):
        trace = trace.tb_next
    return trace
