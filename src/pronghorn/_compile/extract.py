"""Reading parameters by the reference way: from the request's mappings to values or exact error items.

Lives here: pure functions over multi-dicts (query, headers, cookies, forms).
Must not live here: reading from sockets (`_engine`), specialised code (`codegen`).
Invariant: this is the reference; whatever a compiled plan reads must equal what is read here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from pydantic import BaseModel
from starlette.datastructures import FormData, Headers, ImmutableMultiDict, UploadFile

from pronghorn._base.sentinels import Undefined
from pronghorn._compile.models import is_json_field, param_model
from pronghorn._declare import params
from pronghorn._schema.annotations import is_sequence
from pronghorn._schema.errors import missing_error
from pronghorn._schema.field import ModelField, cached_model_fields, param_aliases

Errors = list[dict[str, Any]]


def validate_value(field: ModelField, value: Any, loc: tuple[int | str, ...]) -> tuple[Any, Errors]:
    """Validate what was read for ``field``; `Undefined` means that nothing was sent.

    Returns:
        The value and no errors, or None and the errors. A default is copied, and validated only where
        the field asks for that.
    """
    if value is Undefined:
        if field.field_info.is_required():
            return None, [missing_error(loc)]
        value = deepcopy(field.default)
        if not field.field_info.validate_default:
            return value, []
    return field.validate(value, {}, loc=loc)


def is_empty_file(value: Any) -> bool:
    """Whether a form's file input was left empty by the person who filled it in."""
    return isinstance(value, UploadFile) and value.filename == "" and value.size == 0


def read_value(field: ModelField, received: Mapping[str, Any], alias: str) -> Any:
    """What was sent for ``field`` under ``alias``, or `Undefined`.

    Repeats make a list for sequence types; otherwise the last one counts. In a form, empty text and an
    empty file mean that nothing was sent.
    """
    sequence = is_sequence(field.field_info.annotation)
    form = isinstance(received, FormData)
    value: Any
    if sequence and not is_json_field(field) and isinstance(received, (ImmutableMultiDict, Headers)):
        value = received.getlist(alias)
        if form:
            value = [item for item in value if not is_empty_file(item)]
    else:
        value = received.get(alias)
    if value is None or (sequence and len(value) == 0):
        return Undefined
    if form and (is_empty_file(value) or (isinstance(value, str) and value == "")):
        return Undefined
    return value


def iter_extras(received: Mapping[str, Any], used: set[str]) -> Iterator[tuple[str, Any]]:
    """What was sent under names that no field uses; repeats are grouped into lists."""
    if isinstance(received, ImmutableMultiDict):
        pairs = received.multi_items()
    elif isinstance(received, Headers):
        pairs = received.items()
    else:
        yield from ((key, received.get(key)) for key in received if key not in used)
        return
    grouped: dict[str, list[Any]] = {}
    for key, value in pairs:
        if key not in used:
            grouped.setdefault(key, []).append(value)
    for key, values in grouped.items():
        yield key, values[0] if len(values) == 1 else values


def choose_alias(aliases: Sequence[tuple[str, str]], received: Mapping[str, Any]) -> tuple[str, str]:
    """Of a field's (alias, name in the request) pairs, the first that was sent, else the first."""
    return next((pair for pair in aliases if pair[1] in received), aliases[0])


def read_params(
    fields: Sequence[ModelField], received_params: Mapping[str, Any]
) -> tuple[dict[str, Any], Errors]:
    """Read and validate the parameters of one source.

    Returns:
        Values by parameter name, and the errors of those that failed, in declaration order.
    """
    values: dict[str, Any] = {}
    errors: Errors = []
    for field in fields:
        model = param_model(field)
        if model is not None:
            value, failures = _read_model(field, model, received_params)
        else:
            _, name = choose_alias(param_aliases(field), received_params)
            loc = (_source(field), name)
            value, failures = validate_value(field, read_value(field, received_params, name), loc)
        if failures:
            errors.extend(failures)
        else:
            values[field.name] = value
    return values, errors


def _source(field: ModelField) -> str:
    info = field.field_info
    assert isinstance(info, params.Param)  # only such fields are filed under a source
    return info.in_.value


class _ModelReader:
    """Collects what was sent for the fields of one parameter model."""

    def __init__(self, received: Mapping[str, Any], convert_underscores: bool) -> None:
        self.received = received
        self.headers = isinstance(received, Headers)
        self.convert_underscores = convert_underscores
        self.found: dict[str, Any] = {}
        self.used: set[str] = set()
        self.own_names: set[str] = set()
        self.renamed: dict[str, str] = {}

    def read(self, field: ModelField) -> None:
        convert = self.headers and bool(
            getattr(field.field_info, "convert_underscores", self.convert_underscores)
        )
        aliases = param_aliases(field, convert_underscores=convert)
        self.own_names.update(self._normal(name) for _, name in aliases)
        alias, name = choose_alias(aliases, self.received)
        value = read_value(field, self.received, name)
        if value is not Undefined:
            self.found[alias] = value
        self.used.add(self._normal(name))
        if not self.headers:
            return
        # A header may also be claimed by its unconverted name, so that `extra="forbid"` accepts it.
        self.used.update(self._normal(one) for one, header in aliases if one != header)
        if alias != name:
            self.renamed[field.name] = name

    def _normal(self, name: str) -> str:
        return name.lower() if self.headers else name


def _read_model(field: ModelField, model: type[BaseModel], received: Mapping[str, Any]) -> tuple[Any, Errors]:
    reader = _ModelReader(received, getattr(field.field_info, "convert_underscores", True))
    for one in cached_model_fields(model):
        reader.read(one)
    reader.found.update(iter_extras(received, reader.used))
    value: Any = reader.found
    if field.field_info.annotation is not model and not _was_sent(model, reader):
        value = Undefined
    result, errors = validate_value(field, value, (_source(field),))
    if reader.renamed and model.model_config.get("loc_by_alias", True):
        for error in errors:
            loc = error["loc"]
            if len(loc) > 1 and loc[1] in reader.renamed:
                error["loc"] = (loc[0], reader.renamed[loc[1]], *loc[2:])
    return result, errors


def _was_sent(model: type[BaseModel], reader: _ModelReader) -> bool:
    """Whether an optional parameter model was sent at all."""
    if reader.own_names.intersection(reader.received):
        return True
    return model.model_config.get("extra") in ("allow", "forbid") and bool(reader.found)
