"""The markers of parameters: where a value is read from, with pydantic's constraints on it.

Lives here: the classes and, once, their options. Must not live here: reading requests.
Invariant: a marker is a pydantic `FieldInfo`, so constraints, aliases and metadata mean what they mean in models.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from enum import Enum
from typing import Any, ClassVar, Literal

import typing_extensions
from pydantic import AliasChoices, AliasPath, Discriminator
from pydantic.fields import FieldInfo
from typing_extensions import TypedDict, Unpack

from pronghorn._base.declaration import require
from pronghorn._base.errors import FastAPIDeprecationWarning
from pronghorn._base.sentinels import Undefined, Unset
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
    annotation: Any | None
    """The type; normally taken from the signature."""
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
_ALWAYS = ("annotation", "gt", "ge", "lt", "le", "min_length", "max_length")


def _field_arguments(default: Any, options: Any, stacklevel: int) -> dict[str, Any]:
    """What pydantic's `FieldInfo` takes, from our options; warns of deprecated ones."""
    for old, new in (("example", "examples"), ("regex", "pattern")):
        if options.get(old, Unset if old == "example" else None) not in (Unset, None) or (
            old == "example" and old in options and options[old] is not Unset
        ):
            warnings.warn(
                f"`{old}` has been deprecated, please use `{new}` instead",
                category=FastAPIDeprecationWarning,
                stacklevel=stacklevel,
            )
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
    for name, value in (("validation_alias", validation_alias), ("serialization_alias", serialization_alias)):
        if value is not Unset:
            arguments[name] = value
    return arguments


class _Marker(FieldInfo):
    """What parameters and bodies share: documentation that pydantic does not know."""

    example: Any
    openapi_examples: dict[str, Example] | None
    include_in_schema: bool

    _allowed: ClassVar[frozenset[str]] = frozenset(ParamOptions.__annotations__)

    def _setup(self, default: Any, options: Any, stacklevel: int) -> None:
        unknown = options.keys() - self._allowed
        if unknown:
            name = sorted(unknown)[0]
            raise TypeError(f"{type(self).__name__}() got an unexpected keyword argument {name!r}")
        self.example = options.get("example", Unset)
        self.openapi_examples = options.get("openapi_examples")
        self.include_in_schema = options.get("include_in_schema", True)
        arguments = _field_arguments(default, options, stacklevel + 1)
        super().__init__(**arguments)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.default})"


class Param(_Marker):
    """A parameter read from the path, the query, a header or a cookie; the base of the four."""

    in_: ParamTypes

    def __init__(self, default: Any = Undefined, **options: Unpack[ParamOptions]) -> None:
        self._setup(default, options, stacklevel=4)


class Path(Param):
    """A parameter in the path; always required."""

    in_ = ParamTypes.path

    def __init__(self, default: Any = ..., **options: Unpack[ParamOptions]) -> None:
        require(default is ..., "Path parameters cannot have a default value")
        self.in_ = self.in_
        self._setup(default, options, stacklevel=4)


class Query(Param):
    """A parameter in the query string."""

    in_ = ParamTypes.query


class Header(Param):
    """A parameter in a request header."""

    in_ = ParamTypes.header
    convert_underscores: bool

    _allowed = frozenset({*ParamOptions.__annotations__, "convert_underscores"})

    def __init__(self, default: Any = Undefined, **options: Unpack[HeaderOptions]) -> None:
        self.convert_underscores = options.get("convert_underscores", True)
        self._setup(default, options, stacklevel=4)


class Cookie(Param):
    """A parameter in a cookie."""

    in_ = ParamTypes.cookie


class Body(_Marker):
    """A parameter in the request body, as JSON unless ``media_type`` says otherwise."""

    embed: bool | None
    media_type: str

    _allowed = frozenset({*ParamOptions.__annotations__, "embed", "media_type"})
    _default_media_type: ClassVar[str] = "application/json"

    def __init__(self, default: Any = Undefined, **options: Unpack[BodyOptions]) -> None:
        self.embed = options.get("embed")
        self.media_type = options.get("media_type", self._default_media_type)
        self._setup(default, options, stacklevel=4)


class Form(Body):
    """A field of a form."""

    _allowed = Body._allowed - {"embed"}
    _default_media_type = "application/x-www-form-urlencoded"


class File(Form):
    """A file of a multipart form."""

    _default_media_type = "multipart/form-data"
