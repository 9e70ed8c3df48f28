"""Options that are written in several places, each defined once as a field of a record.

Lives here: what a field tells about itself (`option`), reading its value from text, and saying whether a
value can work. Must not live here: any particular option (`config`), where values come from (`sources`).
Invariant: the text a flag or a variable takes, and the value a settings file takes, mean the same.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import re
import types
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Value = TypeVar("Value")

ENVIRON_PREFIX = "PRONGHORN_"

_NOTHING = ("none", "off")
_TRUTH = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
_SIZE = re.compile(r"(\d+) ?(?:([KMG])i?B?|B)?", re.IGNORECASE)
_SHIFT = {"": 0, "K": 10, "M": 20, "G": 30}
_UNITS = {"s": "seconds", "bytes": "bytes", "bytes/s": "bytes per second", "octal": "an octal mode"}


@dataclasses.dataclass(frozen=True)
class _About:
    """What `option` keeps in the metadata of a field."""

    help: str
    unit: str
    variables: tuple[str, ...]
    flag: str | None
    begins: str | None
    least: float | None
    most: float | None
    computed: Callable[[], Any] | None


def option(
    default: Value,
    help: str,
    *,
    unit: Literal["", "s", "bytes", "bytes/s", "octal"] = "",
    variables: tuple[str, ...] = (),
    flag: str | None = None,
    begins: str | None = None,
    least: float | None = None,
    most: float | None = None,
    auto: Callable[[], Any] | None = None,
    shown: bool = True,
) -> Value:
    """The default of a field that is an option.

    Args:
        default: the value without any other.
        help: what it means, in a sentence or two.
        unit: of a number. Sizes may be written with KiB, MiB and GiB.
        variables: environment variables of other tools that mean the same.
        flag: its flag, where that is not its name.
        begins: the heading of a group of options, of which this is the first.
        least: the smallest number allowed. Without it, numbers with a unit must be above 0.
        most: the largest number allowed.
        auto: what the text `auto` stands for.
        shown: whether `repr` shows the value.
    """
    about = _About(help, unit, variables, flag, begins, least, most, auto)
    field: Value = dataclasses.field(default=default, repr=shown, metadata={"option": about})
    return field


@dataclasses.dataclass(frozen=True)
class Option:
    """One option of a record.

    Attributes:
        name: of the field, which is the key in a settings file too.
        default: the value without any other.
        group: the heading it stands under.
        kind: the type of its value, without None.
        optional: whether None is a value.
        several: whether it always takes several values.
        lists: whether several values may be given.
        choices: the values, where they are few.
    """

    name: str
    default: Any
    about: _About
    group: str
    kind: type
    optional: bool
    several: bool
    lists: bool
    choices: tuple[str, ...]

    @property
    def flag(self) -> str:
        """Its flag on the command line."""
        return self.about.flag or f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return f"{ENVIRON_PREFIX}{self.name.upper()}"

    @property
    def variables(self) -> tuple[str, ...]:
        """Its environment variable, and the names that other tools give to it; the first one set counts."""
        return (self.variable, *self.about.variables)

    @property
    def expected(self) -> str:
        """What a value has to be, for a message."""
        about = self.about
        if self.choices:
            text = f"one of {', '.join(self.choices)}"
        elif self.kind is bool:
            text = "true or false"
        elif self.kind is str:
            text = "texts" if self.several else "a text"
        else:
            text = self._expected_number()
        if about.computed is not None:
            text += " or auto"
        return f"{text} or none" if self.optional else text

    @property
    def metavar(self) -> str:
        """What stands for its value in a usage line."""
        if self.choices:
            return "|".join(self.choices)
        return {"s": "SECONDS", "bytes": "SIZE", "octal": "MODE"}.get(self.about.unit) or (
            "TEXT" if self.kind is str else "NUMBER"
        )

    def text_of(self, value: Any) -> str:
        """A value as people write it; nothing where it is none."""
        if value is None or value == "":
            return ""
        if isinstance(value, bool):
            return "on" if value else "off"
        if self.about.unit == "octal":
            return f"{value:o}"
        if self.about.unit == "bytes":
            return size_text(value)
        text = f"{value:g}" if isinstance(value, float) else str(value)
        return f"{text} {self.about.unit}" if self.about.unit else text

    def _expected_number(self) -> str:
        about = self.about
        if about.unit == "octal":
            return "a mode in octal digits, such as 660"
        text = "a number" if self.kind is float else "a whole number"
        if about.unit:
            text += f" of {_UNITS[about.unit]}"
        if about.most is not None:
            return f"{text} from {about.least or 0:g} to {about.most:g}"
        return f"{text} above 0" if about.least is None else f"{text}, {about.least:g} or more"

    def parse(self, text: str) -> Any:
        """The value that `text` means.

        Raises:
            ValueError: it means none; without a message of its own.
        """
        word = text.strip().lower()
        if self.optional and word in _NOTHING:
            return None
        if word == "auto" and self.about.computed is not None:
            return self.about.computed()
        if self.several:
            return tuple(part.strip() for part in text.split(os.pathsep) if part.strip())
        if self.kind is bool:
            if word not in _TRUTH:
                raise ValueError
            return _TRUTH[word]
        if self.kind is str:
            return text
        if self.about.unit == "octal":
            return int(word, 8)
        if self.about.unit.startswith("bytes"):
            return _parse_size(word)
        return self.kind(word)

    def take(self, value: Any) -> Any:
        """The value that one of a settings file means, where it may be typed already.

        Raises:
            ValueError: as `parse`.
        """
        if isinstance(value, str):
            return self.parse(value)
        if self.lists and isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
            return tuple(value)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if self.about.unit != "octal" and (is_number if self.kind is float else type(value) is self.kind):
            return value
        raise ValueError

    def allows(self, value: Any) -> bool:
        """Whether a value of the right type can work."""
        if value is None:
            return self.optional
        if self.choices:
            return value in self.choices
        if self.kind not in (int, float):
            return True
        about = self.about
        if about.most is not None and value > about.most:
            return False
        return bool(value > 0 if about.least is None else value >= about.least)


def options_of(record: type) -> tuple[Option, ...]:
    """The options of a record, in their order."""
    return _options_of(record)


@functools.cache
def _options_of(record: type) -> tuple[Option, ...]:
    hints = get_type_hints(record)
    found = []
    group = ""
    for field in dataclasses.fields(record):
        about: _About = field.metadata["option"]
        group = about.begins or group
        found.append(Option(field.name, field.default, about, group, *_read_type(hints[field.name])))
    return tuple(found)


def _read_type(hint: Any) -> tuple[type, bool, bool, bool, tuple[str, ...]]:
    """The type without None, what else is allowed, and the choices of a Literal."""
    members = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    single = [member for member in members if isinstance(member, type) and member is not types.NoneType]
    lists = any(get_origin(member) is Sequence for member in members)
    choices = next((get_args(member) for member in members if get_origin(member) is Literal), ())
    return single[0] if single else str, types.NoneType in members, lists and not single, lists, choices


def _parse_size(word: str) -> int:
    found = _SIZE.fullmatch(word)
    if found is None:
        raise ValueError
    return int(found[1]) << _SHIFT[(found[2] or "").upper()]


def size_text(size: int) -> str:
    """A number of bytes for people: `1 MiB`, `32 KiB`, `500 bytes`."""
    for power, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if size and size % (1 << power) == 0:
            return f"{size >> power} {unit}"
    return f"{size} bytes"
