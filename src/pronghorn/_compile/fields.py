"""Source that reads one parameter: from its place in the request to a validated variable.

Lives here: reading code for single fields. Must not live here: the plan around it (`plan`).
Invariant: reading code never raises for bad input and runs no user code before it may: it leaves the plan by
``return None`` (or lets pydantic's error do so), upon which the reference way finds the exact errors.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from pronghorn._compile.codegen import SourceWriter
from pronghorn._compile.json_input import reads_json_alike
from pronghorn._compile.models import is_json_field, param_model
from pronghorn._schema.annotations import is_sequence
from pronghorn._schema.field import ModelField, param_aliases

_IMMUTABLE = (str, int, float, bool, bytes, type(None), Enum)


def is_simple(field: ModelField) -> bool:
    """Whether ``field`` is read from one piece of text under one name."""
    return (
        param_model(field) is None
        and not is_sequence(field.field_info.annotation)
        and not is_json_field(field)
        and len(param_aliases(field)) == 1
        and not field.field_info.validate_default
    )


def request_name(field: ModelField) -> str:
    """The one name under which a simple field is sent."""
    return param_aliases(field)[0][1]


def validator_of(field: ModelField) -> Any:
    """The bound pydantic-core function that validates a Python value."""
    return field._type_adapter.validator.validate_python


def default_source(writer: SourceWriter, field: ModelField, hint: str) -> str:
    """An expression for the default: shared where that cannot be seen, else a fresh copy.

    ``MISSING`` where a factory makes it: the plan calls that later, before the callable itself.
    """
    info = field.field_info
    if info.default_factory is not None:
        return "MISSING"
    if isinstance(info.default, _IMMUTABLE):
        return writer.bind(f"default_{hint}", info.default)
    return f"copy_default({writer.bind(f'field_{hint}', field)})"


def write_simple(
    writer: SourceWriter, field: ModelField, raw: str, target: str, is_text: bool = True
) -> None:
    """Read one text parameter.

    Args:
        writer: where to.
        field: a simple field.
        raw: an expression for the text, or None where nothing was sent.
        target: the variable to set.
        is_text: whether what is read is always text (a path's convertor may have made something of it).
    """
    valid = (
        "raw"
        if is_text and _keeps_text(field)
        else f"{writer.bind(f'validate_{target}', validator_of(field))}(raw)"
    )
    writer.line(f"raw = {raw}")
    if field.field_info.is_required():
        with writer.block("if raw is None:"):
            writer.line("return None")
        writer.line(f"{target} = {valid}")
    else:
        default = default_source(writer, field, target)
        writer.line(f"{target} = {default} if raw is None else {valid}")


def _keeps_text(field: ModelField) -> bool:
    """Whether validation gives back any text unchanged: a bare ``str``, maybe optional."""
    schema: Any = field._type_adapter.core_schema
    while schema.get("type") in ("default", "nullable"):
        schema = schema["schema"]
    return schema.get("type") == "str" and not (schema.keys() - {"type", "metadata"})


def one_header_lines(name: bytes) -> list[str]:
    """Lines that set ``header`` to the first value of one header, else to None.

    PERF: a third less than `read_headers`, which makes a mapping of several. bench/counted.py parameters
    """
    return [
        "header = None",
        "for name, value in x.headers:",
        f"    if name == {name!r}:",
        "        header = value.decode('latin-1')",
        "        break",
    ]


def write_json_check(writer: SourceWriter, strict: bool) -> None:
    """Leave the plan unless ``content`` is something, and JSON by its Content-Type.

    PERF: the usual type is known without a call of `has_json_body`. bench/counted.py body
    """
    writer.line(f"is_json = {not strict}")
    with writer.block("for name, value in x.headers:"), writer.block("if name == b'content-type':"):
        writer.line(f"is_json = value == b'application/json' or has_json_body([(name, value)], {strict})")
        writer.line("break")
    with writer.block("if not content or not is_json:"):
        writer.line("return None")


def write_whole_body(writer: SourceWriter, field: ModelField, target: str) -> None:
    """Read the one body parameter that is the whole body, from ``content`` (JSON bytes)."""
    adapter = field._type_adapter
    if reads_json_alike(adapter.core_schema):
        validate = writer.bind(f"validate_{target}", adapter.validator.validate_json)
        writer.line(f"{target} = {validate}(content)")
    else:
        validate = writer.bind(f"validate_{target}", validator_of(field))
        writer.line(f"{target} = {validate}(loads(content), from_attributes=True)")


def write_body_member(writer: SourceWriter, field: ModelField, target: str) -> None:
    """Read a body parameter that is a member of the object in ``data``."""
    (alias, _), *_ = param_aliases(field)
    validate = writer.bind(f"validate_{target}", validator_of(field))
    writer.line(f"raw = data.get({alias!r}, MISSING)")
    with writer.block("if raw is MISSING:"):
        if field.field_info.is_required() or field.field_info.validate_default:
            writer.line("return None")
        else:
            writer.line(f"{target} = {default_source(writer, field, target)}")
    with writer.block("else:"):
        writer.line(f"{target} = {validate}(raw, from_attributes=True)")
