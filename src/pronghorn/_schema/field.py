"""`ModelField`: one value with a type, that can be validated, serialised and described.

Lives here: fields, and building them from pydantic's `FieldInfo`.
Must not live here: where a value is read from. Invariant: the pydantic validator of a field is built once.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Hashable, Sequence
from copy import copy
from dataclasses import dataclass, is_dataclass
from typing import Annotated, Any, Literal, cast, get_args, get_origin
from weakref import WeakValueDictionary

from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    PydanticSchemaGenerationError,
    TypeAdapter,
    ValidationError,
    create_model,
)
from pydantic.fields import FieldInfo
from pydantic.main import IncEx

from pronghorn._base.errors import FastAPIError, PydanticV1NotSupportedError
from pronghorn._base.sentinels import Undefined
from pronghorn._schema.annotations import (
    PYDANTIC_VERSION_MINOR_TUPLE,
    UNIONS,
    is_pydantic_v1,
    is_scalar,
    lenient_issubclass,
    sequence_annotation_to_type,
    sequence_types,
)
from pronghorn._schema.errors import Location, with_location
from pronghorn._schema.plain import plain_key

Mode = Literal["validation", "serialization"]

#: What a `FieldInfo` says beside its annotation and metadata.
_ATTRIBUTES = (
    "default", "default_factory", "alias", "alias_priority", "validation_alias", "serialization_alias",
    "title", "field_title_generator", "description", "examples", "exclude", "exclude_if", "discriminator",
    "deprecated", "json_schema_extra", "frozen", "validate_default", "repr", "init", "init_var", "kw_only",
)  # fmt: skip


def _attributes(info: FieldInfo) -> dict[str, Any]:
    found = {name: getattr(info, name, Undefined) for name in _ATTRIBUTES}
    return {name: value for name, value in found.items() if value is not Undefined}


def _adapter(info: FieldInfo, config: ConfigDict | None) -> TypeAdapter[Any]:
    """The adapter of a field; one for all that are the same, and plain.

    PERF (startup): the adapters were half of what declaring a path operation costs.
    """
    attributes = _attributes(info)
    key = None if config is not None or info.metadata else plain_key(info.annotation, attributes)
    adapter = None if key is None else _shared.get(key)
    if adapter is None:
        adapter = _new_adapter(info, attributes, config)
        if key is not None:
            _shared[key] = adapter
    return adapter


def _new_adapter(info: FieldInfo, attributes: dict[str, Any], config: ConfigDict | None) -> TypeAdapter[Any]:
    with warnings.catch_warnings():
        if PYDANTIC_VERSION_MINOR_TUPLE >= (2, 12):
            from pydantic.warnings import UnsupportedFieldAttributeWarning

            warnings.simplefilter("ignore", category=UnsupportedFieldAttributeWarning)
        parts = (info.annotation, *info.metadata, Field(**attributes))
        return TypeAdapter(cast(Any, Annotated[parts]), config=config)


#: Adapters by what they were made of, for as long as a field has them.
_shared: WeakValueDictionary[Hashable, TypeAdapter[Any]] = WeakValueDictionary()


@dataclass
class ModelField:
    """A named value with pydantic's field information.

    Attributes:
        field_info: pydantic's record of type, default, alias and constraints.
        name: the name in the signature or model.
        mode: whether its schema describes input or output.
        config: the configuration of the model that it belongs to.
    """

    field_info: FieldInfo
    name: str
    mode: Mode = "validation"
    config: ConfigDict | None = None

    @property
    def alias(self) -> str:
        """The name outside, by default that inside."""
        return self.name if self.field_info.alias is None else self.field_info.alias

    @property
    def validation_alias(self) -> str | None:
        """The alias for input where it is one plain name."""
        alias = self.field_info.validation_alias
        return alias if isinstance(alias, str) and alias else None

    @property
    def serialization_alias(self) -> str | None:
        """The alias for output."""
        return self.field_info.serialization_alias or None

    @property
    def default(self) -> Any:
        """The default, from the factory if there is one; `Undefined` for a required field."""
        return self.get_default()

    def __post_init__(self) -> None:
        self._type_adapter: TypeAdapter[Any] = _adapter(self.field_info, self.config)

    def get_default(self) -> Any:
        """See `default`."""
        if self.field_info.is_required():
            return Undefined
        return self.field_info.get_default(call_default_factory=True)

    def validate(
        self, value: Any, values: dict[str, Any] | None = None, *, loc: Location = ()
    ) -> tuple[Any, list[dict[str, Any]]]:
        """Validate ``value``.

        Args:
            value: the value as read.
            values: not used; kept for callers that pass it.
            loc: where the value stands, put in front of the errors' locations.

        Returns:
            The validated value and no errors, or None and the error items.
        """
        try:
            return self._type_adapter.validate_python(value, from_attributes=True), []
        except ValidationError as error:
            return None, with_location(error.errors(include_url=False), loc)

    def serialize(
        self,
        value: Any,
        *,
        mode: Literal["json", "python"] = "json",
        include: IncEx | None = None,
        exclude: IncEx | None = None,
        by_alias: bool = True,
        exclude_unset: bool = False,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
    ) -> Any:
        """``value`` as plain data that `json.dumps` accepts."""
        return self._type_adapter.dump_python(
            value,
            mode=mode,
            include=include,
            exclude=exclude,
            by_alias=by_alias,
            exclude_unset=exclude_unset,
            exclude_defaults=exclude_defaults,
            exclude_none=exclude_none,
        )

    def serialize_json(self, value: Any, **options: Any) -> bytes:
        """``value`` as JSON; ``options`` as for `serialize`, without ``mode``."""
        options.setdefault("by_alias", True)
        return self._type_adapter.dump_json(value, **options)

    def __hash__(self) -> int:
        return id(self)


def create_model_field(
    name: str,
    type_: Any,
    default: Any = Undefined,
    field_info: FieldInfo | None = None,
    alias: str | None = None,
    mode: Mode = "validation",
) -> ModelField:
    """Build a field.

    Raises:
        FastAPIError: ``type_`` is no type that pydantic can validate.
        PydanticV1NotSupportedError: ``type_`` is a model of ``pydantic.v1``.
    """
    if is_pydantic_v1(type_):
        raise PydanticV1NotSupportedError(
            f"pydantic.v1 models are no longer supported by FastAPI. Please update the response model {type_!r}."
        )
    info = field_info or FieldInfo(annotation=type_, default=default, alias=alias)
    try:
        return ModelField(mode=mode, name=name, field_info=info)
    except PydanticSchemaGenerationError:
        raise FastAPIError(
            "Invalid args for response field! Hint: check that "
            f"{type_} is a valid Pydantic field type. "
            "If you are using a return type annotation that is not a valid Pydantic "
            "field (e.g. Union[Response, dict, None]) you can disable generating the "
            "response model from the type annotation with the path operation decorator "
            "parameter response_model=None. Read more: "
            "https://fastapi.tiangolo.com/tutorial/response-model/"
        ) from None


def copy_field_info(*, field_info: FieldInfo, annotation: Any) -> FieldInfo:
    """A copy of ``field_info`` with what ``annotation`` (an `Annotated`) says merged into it."""
    merged = type(field_info).from_annotation(annotation)
    result = copy(field_info)
    for name, value in _attributes(merged).items():
        setattr(result, name, value)
    result._attributes_set = merged._attributes_set.copy()
    result.metadata = merged.metadata
    result.annotation = merged.annotation
    return result


def create_body_model(
    *, fields: Sequence[ModelField], model_name: str, config: ConfigDict | None = None
) -> type[BaseModel]:
    """A model with one attribute per field."""
    # Where several have one name, their names in the OpenAPI document tell the module: FastAPI's.
    module = "fastapi._compat.v2"
    members: dict[str, Any] = {
        field.name: (field.field_info.annotation, field.field_info) for field in fields
    }
    return create_model(model_name, __config__=config, __module__=module, **members)


def model_fields(model: type[BaseModel]) -> list[ModelField]:
    """The fields of ``model``, each with the model's configuration where that reaches it."""
    fields: list[ModelField] = []
    for name, info in model.model_fields.items():
        own_config = lenient_issubclass(info.annotation, (BaseModel, dict)) or is_dataclass(info.annotation)
        fields.append(
            ModelField(field_info=info, name=name, config=None if own_config else model.model_config)
        )
    return fields


@functools.lru_cache
def cached_model_fields(model: type[BaseModel]) -> list[ModelField]:
    """`model_fields`, built once per model."""
    return model_fields(model)


def is_scalar_field(field: ModelField) -> bool:
    """Whether ``field`` is read from one piece of text: a scalar that is no body parameter."""
    # Body parameters are known by their media type, so that this layer need not know their class.
    return is_scalar(field.field_info.annotation) and not hasattr(field.field_info, "media_type")


def serialize_sequence_value(*, field: ModelField, value: Any) -> Any:
    """``value`` as the sequence type that ``field`` declares."""
    annotation = field.field_info.annotation
    kind: Any = get_origin(annotation) or annotation
    if kind in UNIONS:
        member = next(one for one in get_args(annotation) if one is not type(None))
        kind = get_origin(member) or member
    if not lenient_issubclass(kind, sequence_types):
        raise TypeError(f"Expected a sequence type for {field.name!r}, found {annotation!r}")
    return sequence_annotation_to_type[kind](value)


def get_validation_alias(field: ModelField) -> str:
    """The name by which ``field`` is validated."""
    return getattr(field, "validation_alias", None) or field.alias


def param_aliases(field: ModelField, *, convert_underscores: bool = False) -> list[tuple[str, str]]:
    """The names under which ``field`` may be sent, as (alias in the model, name in the request).

    Several for `AliasChoices`, and where the model's configuration allows its own names beside aliases.

    Args:
        field: the field of a parameter, or of a parameter model.
        convert_underscores: whether names without an explicit alias have hyphens in the request.

    Example:
        >>> param_aliases(create_model_field("x_token", str), convert_underscores=True)
        [('x_token', 'x-token')]
    """
    alias = get_validation_alias(field)
    hyphenated = field.name.replace("_", "-") if convert_underscores else field.name
    aliases = [(alias, hyphenated if alias == field.name else alias)]
    declared = field.field_info.validation_alias
    if isinstance(declared, AliasPath) or _is_path_parameter(field):
        return aliases
    if isinstance(declared, AliasChoices):
        names = [choice for choice in declared.choices if isinstance(choice, str)]
        if len(names) < len(declared.choices):
            return aliases
        aliases = [(name, name) for name in names]
    config = field.config or {}
    if config.get("validate_by_alias") is False:
        return [(field.name, hyphenated)]
    by_name = config.get("validate_by_name", config.get("populate_by_name", False))
    if by_name and field.name not in dict(aliases):
        aliases.append((field.name, hyphenated))
    return aliases


def _is_path_parameter(field: ModelField) -> bool:
    # Markers are known by what they say, so that this layer need not know their classes.
    place = getattr(field.field_info, "in_", None)
    return getattr(place, "value", None) == "path"
