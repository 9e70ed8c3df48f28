"""The markers of parameters: where a value is read from, with pydantic's constraints on it.

Lives here: the classes and, once, their options. Must not live here: reading requests.
Invariant: a marker is a pydantic `FieldInfo`, so constraints, aliases and metadata mean what they mean in models.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, ClassVar, Literal

import typing_extensions
from pydantic import AliasChoices, AliasPath, Discriminator
from pydantic.fields import FieldInfo
from typing_extensions import TypedDict, Unpack

from pronghorn._base.declaration import require
from pronghorn._base.errors import FastAPIDeprecationWarning
from pronghorn._base.sentinels import Undefined, Unset
from pronghorn._base.spelled_out import spelled_out
from pronghorn._declare.openapi_records import Example


class ParamTypes(Enum):
    """The places of parameters in OpenAPI (``in``)."""

    query = "query"
    header = "header"
    path = "path"
    cookie = "cookie"


class ParamOptions(TypedDict, total=False):
    """The options that every parameter marker takes."""

    default_factory: Callable[[], Any] | None
    """A callable that makes the default."""
    alias: str | None
    """The name in the request, where it differs from the parameter's."""
    alias_priority: int | None
    """pydantic's priority of the alias against an alias generator."""
    validation_alias: str | AliasPath | AliasChoices | None
    """The name in the request, or several; goes before ``alias``."""
    serialization_alias: str | None
    """The name in output."""
    title: str | None
    """A short name for people."""
    description: str | None
    """What it is, in Markdown."""
    gt: float | None
    """Greater than this."""
    ge: float | None
    """Greater than this or equal."""
    lt: float | None
    """Less than this."""
    le: float | None
    """Less than this or equal."""
    min_length: int | None
    """The least number of characters or items."""
    max_length: int | None
    """The greatest number of characters or items."""
    pattern: str | re.Pattern[str] | None
    """A regular expression that text must match."""
    regex: str | None
    """Deprecated: the former name of ``pattern``."""
    discriminator: str | Discriminator | None
    """The field that tells the members of a union apart."""
    strict: bool | None
    """Accept only the exact type, without conversion."""
    validate_default: bool | None
    """Validate the default too."""
    union_mode: Literal["smart", "left_to_right"] | None
    """How a union chooses its member."""
    fail_fast: bool | None
    """Stop at the first invalid item of a sequence."""
    multiple_of: float | None
    """A multiple of this."""
    allow_inf_nan: bool | None
    """Whether infinities and NaN are allowed."""
    max_digits: int | None
    """The most digits of a decimal."""
    decimal_places: int | None
    """The most decimal places of a decimal."""
    examples: list[Any] | None
    """Example values, shown in the schema."""
    example: Any | None
    """Deprecated: one example value; use ``examples``."""
    openapi_examples: dict[str, Example] | None
    """Named examples, shown by documentation pages."""
    deprecated: typing_extensions.deprecated | str | bool | None
    """Mark as deprecated in the document."""
    include_in_schema: bool
    """Whether the document shows it."""
    json_schema_extra: dict[str, Any] | Callable[[dict[str, Any]], None] | None
    """More for the JSON Schema."""


class HeaderOptions(ParamOptions, total=False):
    """The options of `Header`."""

    convert_underscores: bool
    """Whether underscores in the parameter's name stand for hyphens in the header's."""


class FormOptions(ParamOptions, total=False):
    """The options of `Form` and `File`."""

    media_type: str
    """The media type of the body."""


class BodyOptions(FormOptions, total=False):
    """The options of `Body`."""

    embed: bool | None
    """Expect the value under a key of its own even when it is the only body parameter."""


#: Passed on to pydantic only if given: for it, None is not the same as absent.
_WHEN_GIVEN = (
    "default_factory", "alias", "alias_priority", "title", "description", "discriminator", "strict",
    "validate_default", "union_mode", "fail_fast", "multiple_of", "allow_inf_nan", "max_digits",
    "decimal_places", "examples", "deprecated", "json_schema_extra",
)  # fmt: skip
_ALWAYS = ("gt", "ge", "lt", "le", "min_length", "max_length")


#: What signatures show for an option that was left out, where it is not None.
SHOWN_DEFAULTS = {
    **dict.fromkeys((*_WHEN_GIVEN, "validation_alias", "serialization_alias"), Unset),
    "example": Unset,
    "include_in_schema": True,
    "convert_underscores": True,
}


def _warn_of_former_name(old: str, new: str, stacklevel: int) -> None:
    warnings.warn(
        f"`{old}` has been deprecated, please use `{new}` instead",
        category=FastAPIDeprecationWarning,
        stacklevel=stacklevel + 1,
    )


def _field_arguments(default: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """What pydantic's `FieldInfo` takes, from our options."""
    arguments: dict[str, Any] = {"default": default}
    arguments.update({name: options.get(name) for name in _ALWAYS})
    arguments.update({name: options[name] for name in _WHEN_GIVEN if options.get(name, Unset) is not Unset})
    arguments["pattern"] = options.get("pattern") or options.get("regex")
    alias = options.get("alias", Unset)
    validation_alias = options.get("validation_alias", Unset)
    if validation_alias is Unset or validation_alias is None:
        validation_alias = alias
    serialization_alias = options.get("serialization_alias", Unset)
    if (serialization_alias is Unset or serialization_alias is None) and isinstance(alias, str):
        serialization_alias = alias
    aliases = {"validation_alias": validation_alias, "serialization_alias": serialization_alias}
    arguments.update({name: value for name, value in aliases.items() if value is not Unset})
    return arguments


# pydantic declares FieldInfo final for type checkers; as a base class it works, and it is what makes a
# marker mean in a signature what a field means in a model.
class _Marker(FieldInfo):  # type: ignore[misc]
    """What parameters and bodies share: documentation that pydantic does not know."""

    example: Any
    openapi_examples: dict[str, Example] | None
    include_in_schema: bool

    _options: ClassVar[frozenset[str]] = frozenset(ParamOptions.__annotations__)

    def _set_up(self, default: Any, annotation: Any, options: Mapping[str, Any]) -> None:
        """Take the options; called by each ``__init__``, which its stack levels count on."""
        unknown = sorted(options.keys() - self._options)
        if unknown:
            raise TypeError(f"{type(self).__name__}() got an unexpected keyword argument {unknown[0]!r}")
        # Warnings name the code that calls the function of `param_functions`, which calls the class.
        if options.get("example", Unset) is not Unset:
            _warn_of_former_name("example", "examples", stacklevel=4)
        if options.get("regex") is not None:
            _warn_of_former_name("regex", "pattern", stacklevel=4)
        self.example = options.get("example", Unset)
        self.openapi_examples = options.get("openapi_examples")
        self.include_in_schema = options.get("include_in_schema", True)
        super().__init__(annotation=annotation, **_field_arguments(default, options))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.default})"


class Param(_Marker):  # type: ignore[misc]
    """A parameter read from the path, the query, a header or a cookie; the base of the four.

    Args:
        default: the value when nothing was sent; required without one.
        annotation: the type; normally taken from the signature.
        **options: see `ParamOptions`.
    """

    in_: ParamTypes

    @spelled_out(ParamOptions, SHOWN_DEFAULTS)
    def __init__(
        self, default: Any = Undefined, *, annotation: Any = None, **options: Unpack[ParamOptions]
    ) -> None:
        self._set_up(default, annotation, options)


class Path(Param):  # type: ignore[misc]
    """A parameter in the path; always required."""

    in_ = ParamTypes.path

    @spelled_out(ParamOptions, SHOWN_DEFAULTS)
    def __init__(
        self, default: Any = ..., *, annotation: Any = None, **options: Unpack[ParamOptions]
    ) -> None:
        require(default is ..., "Path parameters cannot have a default value")
        self._set_up(default, annotation, options)


class Query(Param):  # type: ignore[misc]
    """A parameter in the query string."""

    in_ = ParamTypes.query


class Header(Param):  # type: ignore[misc]
    """A parameter in a request header.

    Args:
        default: the value when nothing was sent; required without one.
        annotation: the type; normally taken from the signature.
        **options: see `HeaderOptions`.
    """

    in_ = ParamTypes.header
    convert_underscores: bool

    _options = frozenset(HeaderOptions.__annotations__)

    @spelled_out(HeaderOptions, SHOWN_DEFAULTS)
    def __init__(
        self, default: Any = Undefined, *, annotation: Any = None, **options: Unpack[HeaderOptions]
    ) -> None:
        self.convert_underscores = options.get("convert_underscores", True)
        self._set_up(default, annotation, options)


class Cookie(Param):  # type: ignore[misc]
    """A parameter in a cookie."""

    in_ = ParamTypes.cookie


class Body(_Marker):  # type: ignore[misc]
    """A parameter in the request body, as JSON unless ``media_type`` says otherwise.

    Args:
        default: the value when nothing was sent; required without one.
        annotation: the type; normally taken from the signature.
        **options: see `BodyOptions`.
    """

    embed: bool | None
    media_type: str

    _options = frozenset(BodyOptions.__annotations__)
    _default_media_type: ClassVar[str] = "application/json"

    @spelled_out(BodyOptions, SHOWN_DEFAULTS)
    def __init__(
        self, default: Any = Undefined, *, annotation: Any = None, **options: Unpack[BodyOptions]
    ) -> None:
        self.embed = options.get("embed")
        self.media_type = options.get("media_type") or self._default_media_type
        self._set_up(default, annotation, options)


class Form(Body):  # type: ignore[misc]
    """A field of a form."""

    _options = frozenset(FormOptions.__annotations__)
    _default_media_type = "application/x-www-form-urlencoded"

    @spelled_out(FormOptions, SHOWN_DEFAULTS)
    def __init__(
        self, default: Any = Undefined, *, annotation: Any = None, **options: Unpack[FormOptions]
    ) -> None:
        self.embed = None
        self.media_type = options.get("media_type") or self._default_media_type
        self._set_up(default, annotation, options)


class File(Form):  # type: ignore[misc]
    """A file of a multipart form."""

    _default_media_type = "multipart/form-data"
