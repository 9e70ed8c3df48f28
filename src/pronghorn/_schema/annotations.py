"""What kind of type an annotation is: scalar, sequence, bytes, upload.

Must not live here: fields. Invariant: pure functions of an annotation; unions and `Annotated` are looked through.
"""

from __future__ import annotations

import types
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from typing import Annotated, Any, TypeGuard, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic._internal import _typing_extra
from pydantic.version import VERSION
from starlette.datastructures import UploadFile

_T = TypeVar("_T")

PYDANTIC_VERSION_MINOR_TUPLE = tuple(int(part) for part in VERSION.split(".")[:2])

sequence_annotation_to_type: dict[Any, type[Any]] = {
    Sequence: list,
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    deque: deque,
}
sequence_types: tuple[Any, ...] = tuple(sequence_annotation_to_type)

UNIONS = (Union, types.UnionType)


def lenient_issubclass(
    cls: Any, class_or_tuple: type[_T] | tuple[type[_T], ...] | Any
) -> TypeGuard[type[_T]]:
    """`issubclass`, with False for what is no class."""
    return isinstance(cls, type) and issubclass(cls, class_or_tuple)


def evaluate_forward_ref(
    reference: Any, globalns: dict[str, Any] | None = None, localns: dict[str, Any] | None = None
) -> Any:
    """``reference`` evaluated as far as its names can be found, else left as it is."""
    evaluate = getattr(_typing_extra, "try_eval_type", None)
    if evaluate is not None:
        return evaluate(reference, globalns, localns)[0]
    # The function's name before pydantic 2.10.
    return _typing_extra.eval_type_lenient(reference, globalns, localns)


def _union_members(annotation: Any) -> tuple[Any, ...] | None:
    return get_args(annotation) if get_origin(annotation) in UNIONS else None


def _is_plain_sequence(annotation: Any) -> bool:
    return lenient_issubclass(annotation, sequence_types) and not lenient_issubclass(annotation, (str, bytes))


def is_sequence(annotation: Any) -> bool:
    """Whether the type, or a member of the union, is a list, tuple, set, frozenset, deque or `Sequence`."""
    if get_origin(annotation) is Annotated:
        return is_sequence(get_args(annotation)[0])
    members = _union_members(annotation)
    if members is not None:
        return any(is_sequence(member) for member in members)
    return _is_plain_sequence(annotation) or _is_plain_sequence(get_origin(annotation))


def value_is_sequence(value: Any) -> bool:
    """Whether a value is a sequence other than text and bytes."""
    return isinstance(value, sequence_types) and not isinstance(value, (str, bytes))


def _is_plain_complex(annotation: Any) -> bool:
    return (
        lenient_issubclass(annotation, (BaseModel, Mapping, UploadFile))
        or _is_plain_sequence(annotation)
        or is_dataclass(annotation)
    )


def is_complex(annotation: Any) -> bool:
    """Whether the type has parts: a model, mapping, dataclass, sequence or upload."""
    members = _union_members(annotation)
    if members is not None:
        return any(is_complex(member) for member in members)
    origin = get_origin(annotation)
    if origin is Annotated:
        return is_complex(get_args(annotation)[0])
    return (
        _is_plain_complex(annotation)
        or _is_plain_complex(origin)
        or hasattr(origin, "__pydantic_core_schema__")
        or hasattr(origin, "__get_pydantic_core_schema__")
    )


def is_scalar(annotation: Any) -> bool:
    """Whether one piece of text can hold a value of the type."""
    return annotation is Ellipsis or not is_complex(annotation)


def is_scalar_sequence(annotation: Any) -> bool:
    """Whether the type is a sequence of scalars, or a union of such with scalars."""
    if get_origin(annotation) is Annotated:
        return is_scalar_sequence(get_args(annotation)[0])
    members = _union_members(annotation)
    if members is not None:
        sequences = [is_scalar_sequence(member) for member in members]
        rest = [member for member, is_one in zip(members, sequences, strict=True) if not is_one]
        return any(sequences) and all(is_scalar(member) for member in rest)
    return is_sequence(annotation) and all(is_scalar(argument) for argument in get_args(annotation))


def _is_or_may_be(annotation: Any, kind: type[Any]) -> bool:
    candidates = (annotation, *(_union_members(annotation) or ()))
    return any(lenient_issubclass(candidate, kind) for candidate in candidates)


def _is_sequence_of(annotation: Any, test: Callable[[Any], bool]) -> bool:
    members = _union_members(annotation)
    if members is not None:
        return any(_is_sequence_of(member, test) for member in members)
    return is_sequence(annotation) and all(test(argument) for argument in get_args(annotation))


def is_bytes(annotation: Any) -> bool:
    """Whether the type is bytes, or a union with it."""
    return _is_or_may_be(annotation, bytes)


def is_bytes_sequence(annotation: Any) -> bool:
    """Whether the type is a sequence of bytes, or a union with one."""
    return _is_sequence_of(annotation, is_bytes)


def is_upload_file(annotation: Any) -> bool:
    """Whether the type is an upload, or a union with it."""
    return _is_or_may_be(annotation, UploadFile)


def is_upload_file_sequence(annotation: Any) -> bool:
    """Whether the type is a sequence of uploads, or a union with one."""
    return _is_sequence_of(annotation, is_upload_file)


def _v1_base() -> type[Any] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            from pydantic import v1
    except ImportError:  # pragma: no cover - pydantic without its v1 copy
        return None
    return v1.BaseModel


def _iter_candidates(annotation: Any) -> Iterator[Any]:
    yield annotation
    if get_origin(annotation) in UNIONS:
        yield from get_args(annotation)
    if is_sequence(annotation):
        for argument in get_args(annotation):
            yield from _iter_candidates(argument)


def is_pydantic_v1(annotation: Any) -> bool:
    """Whether a model of ``pydantic.v1`` occurs in the type."""
    candidates = [c for c in _iter_candidates(annotation) if isinstance(c, type) and _may_be_v1(c)]
    base = _v1_base() if candidates else None
    return base is not None and any(lenient_issubclass(candidate, base) for candidate in candidates)


def _may_be_v1(cls: type[Any]) -> bool:
    # Importing pydantic.v1 costs start-up time: only when some base class comes from it.
    return any(base.__module__.startswith("pydantic.v1") for base in getattr(cls, "__mro__", ()))


def is_pydantic_v1_instance(value: Any) -> bool:
    """Whether a value is an instance of a ``pydantic.v1`` model."""
    return _may_be_v1(type(value)) and is_pydantic_v1(type(value))


__all__ = [
    "PYDANTIC_VERSION_MINOR_TUPLE", "evaluate_forward_ref", "is_bytes", "is_bytes_sequence",
    "is_complex", "is_pydantic_v1", "is_pydantic_v1_instance", "is_scalar", "is_scalar_sequence",
    "is_sequence", "is_upload_file", "is_upload_file_sequence", "lenient_issubclass",
    "sequence_annotation_to_type", "sequence_types", "value_is_sequence",
]  # fmt: skip
