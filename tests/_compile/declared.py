"""Fields as a path operation declares them, for tests of what is made of fields."""

from inspect import Parameter, Signature
from typing import Any

from pronghorn._compile.signature import get_dependant
from pronghorn._schema.field import ModelField

EMPTY: Any = Parameter.empty


def field_of(annotation: Any, default: Any = EMPTY, *, name: str = "x", path: str = "/") -> ModelField:
    """The field of a function's one parameter ``name: annotation = default``."""

    def call() -> None: ...

    parameter = Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
    call.__signature__ = Signature([parameter])  # type: ignore[attr-defined]
    dependant = get_dependant(path=path, call=call)
    (field,) = [
        *dependant.path_params,
        *dependant.query_params,
        *dependant.header_params,
        *dependant.cookie_params,
        *dependant.body_params,
    ]
    return field
