import functools

import pytest

from pronghorn._base.declaration import DeclarationError, note_location, require, source_location


class Called:
    def __call__(self) -> None: ...


class Built:
    def __init__(self) -> None: ...


def plain() -> None: ...


@functools.wraps(plain)
def wrapped() -> None: ...


@pytest.mark.parametrize("call", [plain, Called(), Built])
def test_a_callable_stands_in_a_file_and_line(call: object) -> None:
    assert callable(call)
    location = source_location(call)

    assert location is not None
    assert location.startswith(f"{__file__}:")


def test_a_decorated_function_stands_where_it_was_written() -> None:
    assert source_location(wrapped) == source_location(plain)


def test_a_callable_of_c_stands_nowhere() -> None:
    assert source_location(len) is None


def test_a_rule_that_holds_raises_nothing() -> None:
    require(1, "unused")


def test_a_broken_rule_is_an_assertion_error_with_its_text() -> None:
    with pytest.raises(AssertionError, match=r"^cannot work$") as raised:
        require(0, "cannot work")
    assert type(raised.value) is DeclarationError


def test_what_to_do_is_a_note() -> None:
    with pytest.raises(DeclarationError, match=r"^cannot work\n") as raised:
        require(None, "cannot work", fix="do it differently")
    assert raised.value.__notes__ == ["Fix: do it differently"]


def test_the_place_stands_before_what_to_do() -> None:
    error = DeclarationError("cannot work")
    error.add_note("Fix: do it differently")

    note_location(error, len, "parameter 'x'")

    assert error.__notes__ == ["In parameter 'x' of len", "Fix: do it differently"]


def test_the_place_is_noted_once() -> None:
    error = DeclarationError("cannot work")

    note_location(error, plain, "parameter 'item'")
    note_location(error, Called())

    assert error.__notes__ == [f"In parameter 'item' of plain, defined at {source_location(plain)}"]


def test_a_place_without_source_is_named_alone() -> None:
    error = DeclarationError("cannot work")

    note_location(error, len)

    assert error.__notes__ == ["In len"]
