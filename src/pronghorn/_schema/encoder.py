"""`jsonable_encoder`: any value to data that `json.dumps` accepts.

Must not live here: JSON text. Invariant: models are dumped by pydantic; ``custom_encoder`` is not applied
inside them.
"""

from __future__ import annotations

import dataclasses
import datetime
import math
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from pathlib import Path, PurePath
from re import Pattern
from types import GeneratorType
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from pydantic.main import IncEx
from pydantic.networks import AnyUrl, NameEmail
from pydantic.types import SecretBytes, SecretStr
from pydantic_core import PydanticUndefinedType, Url

from pronghorn._base.errors import PydanticV1NotSupportedError
from pronghorn._schema.annotations import is_pydantic_v1_instance

Encoder = Callable[[Any], Any]


def isoformat(moment: datetime.date | datetime.time) -> str:
    """ISO 8601 text of a date, time or both."""
    return moment.isoformat()


def decimal_encoder(value: Decimal) -> int | float:
    """An int for a whole number without decimals, else a float.

    Example:
        >>> decimal_encoder(Decimal("1.0")), decimal_encoder(Decimal("1"))
        (1.0, 1)
    """
    exponent = value.as_tuple().exponent
    return int(value) if isinstance(exponent, int) and exponent >= 0 else float(value)


ENCODERS_BY_TYPE: dict[type[Any], Encoder] = {
    bytes: lambda value: value.decode(),
    datetime.date: isoformat,
    datetime.datetime: isoformat,
    datetime.time: isoformat,
    datetime.timedelta: lambda value: value.total_seconds(),
    Decimal: decimal_encoder,
    Enum: lambda value: value.value,
    frozenset: list,
    deque: list,
    GeneratorType: list,
    IPv4Address: str,
    IPv4Interface: str,
    IPv4Network: str,
    IPv6Address: str,
    IPv6Interface: str,
    IPv6Network: str,
    NameEmail: str,
    Path: str,
    Pattern: lambda value: value.pattern,
    SecretBytes: str,
    SecretStr: str,
    set: list,
    UUID: str,
    Url: str,
    AnyUrl: str,
}

_SEQUENCES = (list, set, frozenset, GeneratorType, tuple, deque)
_COLOR_MODULES = frozenset({"pydantic.color", "pydantic_extra_types.color"})


@dataclasses.dataclass(slots=True)
class _Options:
    """The options of one call, as they pass down to members."""

    include: Any
    exclude: Any
    by_alias: bool
    exclude_unset: bool
    exclude_defaults: bool
    exclude_none: bool
    custom_encoder: dict[Any, Encoder]
    sqlalchemy_safe: bool

    def without_selection(self) -> _Options:
        """For members of a mapping: include and exclude speak of its keys alone."""
        if self.include is None and self.exclude is None:
            return self
        return dataclasses.replace(self, include=None, exclude=None)


def jsonable_encoder(
    obj: Any,
    include: IncEx | None = None,
    exclude: IncEx | None = None,
    by_alias: bool = True,
    exclude_unset: bool = False,
    exclude_defaults: bool = False,
    exclude_none: bool = False,
    custom_encoder: dict[Any, Encoder] | None = None,
    sqlalchemy_safe: bool = True,
) -> Any:
    """Convert any value to data that `json.dumps` accepts.

    Args:
        obj: the value.
        include: keys or fields to keep; all by default.
        exclude: keys or fields to leave out.
        by_alias: whether model fields go by their aliases.
        exclude_unset: leave out model fields that were not set.
        exclude_defaults: leave out model fields that equal their default.
        exclude_none: leave out None.
        custom_encoder: encoders by type, tried first; an exact type before base types. Not applied inside
            pydantic models.
        sqlalchemy_safe: leave out keys that begin with ``_sa``, which SQLAlchemy adds to objects.

    Raises:
        ValueError: the value can be turned neither into a dict nor into its attributes.

    Example:
        >>> jsonable_encoder({"when": datetime.date(2026, 11, 21)})
        {'when': '2026-11-21'}
    """
    options = _Options(
        include if include is None or isinstance(include, (set, dict)) else set(include),
        exclude if exclude is None or isinstance(exclude, (set, dict)) else set(exclude),
        by_alias,
        exclude_unset,
        exclude_defaults,
        exclude_none,
        custom_encoder or {},
        sqlalchemy_safe,
    )
    return _encode(obj, options)


_PLAIN = frozenset({str, int, float, bool, type(None)})


def _encode(obj: Any, options: _Options) -> Any:
    if options.custom_encoder:
        encoder = _custom_encoder(obj, options.custom_encoder)
        if encoder is not None:
            return encoder(obj)
    # PERF: data of JSON's own types is most of what comes here; the questions below are for all else.
    kind = type(obj)
    if kind in _PLAIN:
        return obj
    if kind is dict:
        return _encode_dict(obj, options)
    if kind is list:
        return [_encode(item, options) for item in obj]
    if isinstance(obj, BaseModel):
        return _encode_model(obj, options)
    if dataclasses.is_dataclass(obj) and not isinstance(obj, type):
        return _encode(dataclasses.asdict(obj), options)
    if isinstance(obj, Enum):
        return obj.value
    if isinstance(obj, PurePath):
        return str(obj)
    if obj is None or isinstance(obj, (str, int, float)):
        return obj
    if isinstance(obj, PydanticUndefinedType):
        return None
    if isinstance(obj, dict):
        return _encode_dict(obj, options)
    if isinstance(obj, _SEQUENCES):
        return [_encode(item, options) for item in obj]
    encoder = _encoder_for(obj)
    if encoder is not None:
        return encoder(obj)
    return _encode_object(obj, options)


def _custom_encoder(obj: Any, encoders: dict[Any, Encoder]) -> Encoder | None:
    exact = encoders.get(type(obj))
    if exact is not None:
        return exact
    return next((encoder for kind, encoder in encoders.items() if isinstance(obj, kind)), None)


def _encode_model(obj: BaseModel, options: _Options) -> Any:
    dumped = obj.model_dump(
        mode="json",
        include=options.include,
        exclude=options.exclude,
        by_alias=options.by_alias,
        exclude_unset=options.exclude_unset,
        exclude_none=options.exclude_none,
        exclude_defaults=options.exclude_defaults,
    )
    rest = _Options(
        None, None, True, False, options.exclude_defaults, options.exclude_none, {}, options.sqlalchemy_safe
    )
    return _encode(dumped, rest)


def _encode_dict(obj: dict[Any, Any], options: _Options) -> dict[Any, Any]:
    members = options.without_selection()
    encoded: dict[Any, Any] = {}
    for key, value in obj.items():
        if options.sqlalchemy_safe and isinstance(key, str) and key.startswith("_sa"):
            continue
        if value is None and options.exclude_none:
            continue
        if options.include is not None and key not in options.include:
            continue
        if options.exclude is not None and key in options.exclude:
            continue
        encoded[_encode(key, members)] = _encode(value, members)
    return encoded


def _encoder_for(obj: Any) -> Encoder | None:
    kind = type(obj)
    exact = ENCODERS_BY_TYPE.get(kind)
    if exact is not None:
        return exact
    if any(base.__module__ in _COLOR_MODULES and base.__name__ == "Color" for base in kind.__mro__):
        return str
    # `isinstance`, not the class: drivers' own UUID types only claim to be UUIDs.
    return next((encoder for base, encoder in ENCODERS_BY_TYPE.items() if isinstance(obj, base)), None)


def _encode_object(obj: Any, options: _Options) -> Any:
    if is_pydantic_v1_instance(obj):
        raise PydanticV1NotSupportedError(
            f"pydantic.v1 models are no longer supported by FastAPI. Please update the model {obj!r}."
        )
    try:
        data = dict(obj)
    except Exception as not_a_mapping:
        try:
            data = vars(obj)
        except Exception as no_attributes:
            raise ValueError([not_a_mapping, no_attributes]) from no_attributes
    return _encode(data, options)


def normalize_non_finite(data: Any) -> Any:
    """``data`` with NaN and infinities, which JSON lacks, replaced by None."""
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, dict):
        return {key: normalize_non_finite(value) for key, value in data.items()}
    if isinstance(data, list):
        return [normalize_non_finite(value) for value in data]
    return data
