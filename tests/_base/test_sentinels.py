import pytest
from pydantic_core import PydanticUndefined

from pronghorn._base.sentinels import (
    Default,
    DefaultPlaceholder,
    Undefined,
    Unset,
    settled,
    value_or_default,
)


def test_a_placeholder_is_as_true_as_its_value() -> None:
    assert not DefaultPlaceholder("")
    assert DefaultPlaceholder("a")


def test_placeholders_are_equal_by_value_and_to_nothing_else() -> None:
    assert DefaultPlaceholder(1) == DefaultPlaceholder(1)
    assert DefaultPlaceholder(1) != DefaultPlaceholder(2)
    assert DefaultPlaceholder(1) != 1


def test_placeholders_cannot_be_hashed() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(DefaultPlaceholder(1))


def test_default_wraps_its_value() -> None:
    assert Default("a") == DefaultPlaceholder("a")


def test_undefined_is_pydantics_and_unset_a_placeholder() -> None:
    assert Undefined is PydanticUndefined
    assert isinstance(Unset, DefaultPlaceholder)


def test_the_first_value_that_was_set_wins() -> None:
    assert value_or_default(Default("a"), Default("b"), "c", "d") == "c"
    assert value_or_default("a", "b") == "a"
    assert value_or_default(Default("a"), None) is None


def test_the_first_default_wins_when_nothing_was_set() -> None:
    first = Default("a")

    assert value_or_default(first, Default("b")) is first


def test_an_option_settles_to_its_value() -> None:
    assert settled(Default("a")) == "a"
    assert settled("a") == "a"
