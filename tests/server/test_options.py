"""Options that describe themselves: their text, their types, what they allow."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Literal

import pytest

from pronghorn.server.options import Option, option, options_of, size_text


@dataclasses.dataclass(kw_only=True)
class Settings:
    name: str = option("x", "A text.", begins="First")
    color: Literal["red", "blue"] = option("red", "A choice.")
    count: int = option(1, "A number.", least=1, most=9)
    size: int | None = option(1024, "A size.", unit="bytes", begins="Second")
    seconds: float = option(1.5, "A time.", unit="s")
    rate: int = option(500, "A rate.", unit="bytes/s", least=0)
    mode: int = option(0o660, "A mode.", unit="octal", least=0, most=0o777)
    switch: bool = option(True, "A switch.", flag="--other")
    folders: Sequence[str] | None = option(None, "Several.")
    peers: str | Sequence[str] | None = option(None, "One or several.", variables=("PEERS",))
    workers: int = option(1, "A number that can be found.", auto=lambda: 7)
    secret: str | None = option("hush", "Not shown.", shown=False)


def named(name: str) -> Option:
    return next(option for option in options_of(Settings) if option.name == name)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("name", "none", "none"),
        ("color", "blue", "blue"),
        ("count", " 4 ", 4),
        ("size", "2048", 2048),
        ("size", "64KiB", 65536),
        ("size", "2 m", 2_097_152),
        ("size", "1GB", 1_073_741_824),
        ("size", "12B", 12),
        ("size", "none", None),
        ("size", "OFF", None),
        ("seconds", "0.5", 0.5),
        ("mode", "600", 0o600),
        ("mode", "0o640", 0o640),
        ("switch", "No", False),
        ("switch", "1", True),
        ("folders", "a:b", ("a", "b")),
        ("peers", "1.2.3.4,::1", "1.2.3.4,::1"),
        ("workers", "auto", 7),
    ],
)
def test_text_is_read(name: str, text: str, value: object) -> None:
    assert named(name).parse(text) == value
    assert named(name).take(text) == value
    assert named(name).allows(value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("count", "x"),
        ("count", "none"),
        ("count", "auto"),
        ("size", "1 parsec"),
        ("switch", "maybe"),
        ("mode", "9"),
    ],
)
def test_text_that_means_nothing_is_refused(name: str, text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the caller, who knows the place, words it
        named(name).take(text)


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("count", 4, 4),
        ("seconds", 2, 2),
        ("switch", False, False),
        ("folders", ["a"], ("a",)),
        ("peers", ["a", "b"], ("a", "b")),
    ],
)
def test_typed_values_are_taken(name: str, value: object, taken: object) -> None:
    assert named(name).take(value) == taken


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("count", True),
        ("count", 1.5),
        ("switch", 1),
        ("folders", [1]),
        ("name", ["a"]),
        ("mode", 660),
        ("name", {}),
    ],
)
def test_values_of_another_type_are_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        named(name).take(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("count", 0),
        ("count", 10),
        ("size", 0),
        ("seconds", 0),
        ("color", "green"),
        ("count", None),
        ("rate", -1),
    ],
)
def test_values_that_cannot_work_are_not_allowed(name: str, value: object) -> None:
    assert not named(name).allows(value)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("name", "a text"),
        ("color", "one of red, blue"),
        ("count", "a whole number from 1 to 9"),
        ("size", "a whole number of bytes above 0 or none"),
        ("seconds", "a number of seconds above 0"),
        ("rate", "a whole number of bytes per second, 0 or more"),
        ("mode", "a mode in octal digits, such as 660"),
        ("switch", "true or false"),
        ("folders", "texts or none"),
        ("workers", "a whole number above 0 or auto"),
    ],
)
def test_an_option_says_what_it_expects(name: str, expected: str) -> None:
    assert named(name).expected == expected


def test_an_option_has_a_flag_a_variable_and_a_group() -> None:
    assert named("count").flag == "--count"
    assert named("switch").flag == "--other"
    assert named("peers").variables == ("PRONGHORN_PEERS", "PEERS")
    assert [option.group for option in options_of(Settings)][:4] == ["First", "First", "First", "Second"]


def test_values_are_written_as_people_write_them() -> None:
    shown = {option.name: (option.metavar, option.text_of(option.default)) for option in options_of(Settings)}
    assert shown["color"] == ("red|blue", "red")
    assert shown["size"] == ("SIZE", "1 KiB")
    assert shown["seconds"] == ("SECONDS", "1.5 s")
    assert shown["mode"] == ("MODE", "660")
    assert shown["rate"] == ("NUMBER", "500 bytes/s")
    assert shown["switch"] == ("NUMBER", "on")
    assert shown["peers"] == ("TEXT", "")


def test_sizes_are_written_in_the_largest_unit_that_fits() -> None:
    sizes: list[Any] = [0, 500, 1024, 1_048_576, 3 << 30, 1500]
    assert [size_text(size) for size in sizes] == [
        "0 bytes",
        "500 bytes",
        "1 KiB",
        "1 MiB",
        "3 GiB",
        "1500 bytes",
    ]


def test_what_is_secret_is_not_shown() -> None:
    assert "hush" not in repr(Settings())
