from typing import Any

import pytest
from pydantic import ValidationError

from pronghorn._declare.limits import (
    FormLimits,
    most_specific_limit,
    validate_form_limits,
    validate_max_body_size,
)


def test_valid_form_limits_are_copied() -> None:
    limits: FormLimits = {"max_fields": 0, "max_files": 2}
    validated = validate_form_limits(limits)

    assert validated == limits
    assert validated is not limits


def test_no_form_limits_are_empty() -> None:
    assert validate_form_limits(None) == {}


@pytest.mark.parametrize(
    "limits",
    [{"max_field": 1}, {"max_fields": -1}, {"max_files": "1"}, {"max_part_size": 1.0}, {"max_files": None}],
)
def test_form_limits_are_strict(limits: Any) -> None:
    with pytest.raises(ValidationError):
        validate_form_limits(limits)


@pytest.mark.parametrize("limit", [None, 0, 1024])
def test_a_body_limit_is_a_number_of_bytes_or_none(limit: int | None) -> None:
    validate_max_body_size(limit)


@pytest.mark.parametrize("limit", [-1, True, 1.5, "1"])
def test_any_other_body_limit_is_refused(limit: object) -> None:
    with pytest.raises(ValueError, match=r"^max_body_size must be a non-negative integer or None$"):
        validate_max_body_size(limit)


@pytest.mark.parametrize(
    ("limits", "expected"), [((None, 0, 5), 0), ((9, 5), 9), ((None, None), None), ((), None)]
)
def test_the_most_specific_limit_wins_even_if_it_is_larger(
    limits: tuple[int | None, ...], expected: int | None
) -> None:
    assert most_specific_limit(*limits) == expected
