"""Limits on what a request may carry: body size, and the parts of a form."""

from __future__ import annotations

from pydantic import ConfigDict, NonNegativeInt, TypeAdapter, with_config
from typing_extensions import TypedDict


@with_config(ConfigDict(strict=True, extra="forbid"))
class FormLimits(TypedDict, total=False):
    """Limits on a parsed form; what is left out is inherited, at the end 1000, 1000 and 1 MiB.

    Attributes:
        max_fields: the most fields that are not files.
        max_files: the most files.
        max_part_size: the most bytes in one field that is not a file.
    """

    max_fields: NonNegativeInt
    max_files: NonNegativeInt
    max_part_size: NonNegativeInt


_adapter = TypeAdapter(FormLimits)


def validate_form_limits(limits: FormLimits | None) -> FormLimits:
    """A copy of ``limits``, checked.

    Raises:
        pydantic.ValidationError: an unknown key, or a value that is no non-negative integer.
    """
    return {} if limits is None else _adapter.validate_python(limits)


def validate_max_body_size(max_body_size: object) -> None:
    """Check what was given as a limit on bodies.

    Raises:
        ValueError: it is neither None nor a number of bytes, 0 included.
    """
    if max_body_size is None:
        return
    if isinstance(max_body_size, bool) or not isinstance(max_body_size, int) or max_body_size < 0:
        raise ValueError("max_body_size must be a non-negative integer or None")


def most_specific_limit(*limits: int | None) -> int | None:
    """The first limit that is set, given from the most specific to the least."""
    return next((limit for limit in limits if limit is not None), None)
