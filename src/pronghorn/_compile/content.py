"""Source that makes JSON of what an endpoint returned.

Must not live here: the reply around it (`plan`). Invariant: sets ``content``, or raises `ResponseValidationError`.
"""

from __future__ import annotations

from pronghorn._compile.codegen import SourceWriter
from pronghorn._compile.dump_options import has_aliases, reads_attributes
from pronghorn._compile.handler_spec import HandlerSpec
from pronghorn._compile.plain_rows import rows_writer
from pronghorn._schema.field import ModelField


def write_content(writer: SourceWriter, spec: HandlerSpec, result: str) -> None:
    """Set ``content`` to the JSON of ``result``, through the response model if there is one."""
    field = spec.response_field
    if field is None:
        writer.line(f"content = encode_plain({result})")
        return
    schema = field._type_adapter.core_schema
    options = _options(writer, spec, has_aliases(schema))
    write_rows = None if options or field.config else rows_writer(schema)
    if write_rows is None:
        _write_validated(writer, spec, field, result, options)
        return
    writer.line(f"content = {writer.bind('write_rows', write_rows)}({result})")
    with writer.block("if content is None:"):
        _write_validated(writer, spec, field, result, options)


def _options(writer: SourceWriter, spec: HandlerSpec, aliased: bool) -> str:
    return "".join(
        f", {name}={writer.bind(name, value)}"
        for name, value in spec.dump_options.items()
        if (aliased if name == "by_alias" else value not in (None, False))
    )


def _write_validated(
    writer: SourceWriter, spec: HandlerSpec, field: ModelField, result: str, options: str
) -> None:
    adapter = field._type_adapter
    validate = writer.bind("validate_response", adapter.validator.validate_python)
    to_json = writer.bind("to_json", adapter.serializer.to_json)
    attributes = ", from_attributes=True" if reads_attributes(adapter.core_schema) else ""
    with writer.block("try:"):
        writer.line(f"valid = {validate}({result}{attributes})")
    with writer.block("except ValidationError as error:"):
        spec_name = writer.bind("spec", spec)
        writer.line(f"raise response_error(x, {spec_name}, {result}, error) from None")
    writer.line(f"content = {to_json}(valid{options})")
