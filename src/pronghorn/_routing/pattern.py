"""What a path template means: its literal text, its parameters, and the segments they fall into.

Here lives the reading of a template such as `/files/{name}.{ext}` or `/tree/{where:path}` into a
`PathPattern`. Matching against many patterns at once is `table`'s business.

Invariant: `PathPattern.regex` is what Starlette's `compile_path` makes of the template, and the
segments describe exactly the same language for every path without a newline in it.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.convertors import (
    CONVERTOR_TYPES,
    Convertor,
    FloatConvertor,
    IntegerConvertor,
    PathConvertor,
    StringConvertor,
)
from starlette.routing import compile_path

__all__ = ["Parameter", "PathPattern", "PathTemplateError", "Segment"]

_PLACEHOLDER = re.compile(r"\{([a-zA-Z_]\w*)(?::([a-zA-Z_]\w*))?\}", re.ASCII)

# A convertor's expression that is made of these parts alone matches neither a slash nor a newline,
# looks at nothing outside its own text and neither names nor refers to groups.
_SEGMENT_SAFE = re.compile(
    r"(?: [A-Za-z0-9_] | - | \\[dw.-] | \(\?: | \((?!\?) | [)|?*+] | \{\d+(?:,\d*)?\}"
    r" | \[ (?: a-z | A-Z | a-f | A-F | 0-9 | [A-Za-z0-9_] | \\[dw.-] | -(?=\]) )+ \] )+",
    re.VERBOSE,
)

_PLAIN_CONVERSIONS: dict[type[Convertor[Any]], Callable[[str], Any] | None] = {
    StringConvertor: None,
    PathConvertor: None,
    IntegerConvertor: int,
    FloatConvertor: float,
}


class PathTemplateError(ValueError, AssertionError):
    """A path template that cannot be understood.

    Both a `ValueError` and an `AssertionError`, because Starlette raises one for a repeated name and
    the other for an unknown convertor, and callers may catch either.
    """


@dataclass(frozen=True, slots=True)
class Parameter:
    """One `{name}` or `{name:convertor}` of a template.

    `conversion` turns the matched text into the value; None when the text is the value.
    """

    name: str
    convertor: Convertor[Any]

    @property
    def conversion(self) -> Callable[[str], Any] | None:
        # By exact type: a subclass may convert in its own way.
        return _PLAIN_CONVERSIONS.get(type(self.convertor), self.convertor.convert)

    @property
    def is_plain(self) -> bool:
        """Whether it matches any text without a slash, except none at all."""
        return self.convertor.regex == StringConvertor.regex

    @property
    def stays_in_segment(self) -> bool:
        """Whether it surely matches no slash, and at least one character."""
        expression = self.convertor.regex
        if self.is_plain:
            return True
        return _SEGMENT_SAFE.fullmatch(expression) is not None and not re.fullmatch(expression, "")


@dataclass(frozen=True, slots=True)
class Segment:
    """What a template allows between two slashes.

    `literal` is the whole text when there is no parameter, else None. `expression` is a regular
    expression without names for the other segments, None when any text but the empty one matches.
    `parameter` is the one parameter that fills the whole segment, if so.
    """

    literal: str | None
    expression: str | None = None
    parameter: Parameter | None = None


class PathPattern:
    """A path template, read once.

    Args:
        path: a template with Starlette's meaning: `{name}` is one or more characters other than a
            slash, `{name:convertor}` what the registered convertor matches, all else literal.

    Raises:
        PathTemplateError: a name is used twice, or a convertor is not registered.

    Attributes:
        path: the template as given.
        path_format: the template without convertors, `/users/{user_id}`.
        parameters: in the order in which they appear.
        segments: what lies between the slashes, as far as that can be told segment by segment.
        is_rooted: whether the template starts with a slash. One that does not is never split: it
            follows Starlette's rules for host names.
        spans: whether a rest follows `segments` that may cover any number of slashes.
        catch_all: the parameter that takes the whole rest, as in `/files/{where:path}`.

    Example:
        >>> PathPattern("/files/{name}.{ext}").convertors.keys()
        dict_keys(['name', 'ext'])
    """

    __slots__ = (
        "_regex",
        "catch_all",
        "is_rooted",
        "parameters",
        "path",
        "path_format",
        "segments",
        "spans",
    )

    def __init__(self, path: str) -> None:
        self.path = path
        pieces = _split_placeholders(path)
        self.parameters = tuple(piece for piece in pieces if isinstance(piece, Parameter))
        self.path_format = "".join(
            f"{{{piece.name}}}" if isinstance(piece, Parameter) else piece for piece in pieces
        )
        self.is_rooted = path.startswith("/")
        rows = _split_segments(pieces)
        bounded = len(rows)
        if not self.is_rooted:
            bounded = 0
        else:
            for number, row in enumerate(rows):
                if not all(p.stays_in_segment for p in row if isinstance(p, Parameter)):
                    bounded = number
                    break
        self.segments = tuple(_read_segment(row) for row in rows[:bounded])
        self.spans = bounded < len(rows)
        self.catch_all = _find_catch_all(rows[bounded:]) if self.is_rooted else None
        self._regex: re.Pattern[str] | None = None

    @property
    def convertors(self) -> dict[str, Convertor[Any]]:
        """A new dict of every parameter's convertor, by name."""
        return {parameter.name: parameter.convertor for parameter in self.parameters}

    @property
    def is_static(self) -> bool:
        """Whether the template is one literal path."""
        return self.is_rooted and not self.parameters

    @property
    def regex(self) -> re.Pattern[str]:
        """The expression that decides in the end, with one group per parameter."""
        # Compiled on first use: most entries of a table are never asked for theirs, and it costs
        # more than all the rest of reading a template.
        if self._regex is None:
            self._regex = compile_path(self.path)[0]
        return self._regex

    def match(self, path: str) -> dict[str, Any] | None:
        """The converted parameters when the pattern matches `path`, else None."""
        found = self.regex.match(path)
        if found is None:
            return None
        values: dict[str, Any] = {}
        for parameter in self.parameters:
            text = found[parameter.name]
            conversion = parameter.conversion
            values[parameter.name] = text if conversion is None else conversion(text)
        return values

    def __repr__(self) -> str:
        return f"PathPattern({self.path!r})"


def _split_placeholders(path: str) -> list[str | Parameter]:
    """Literal text and parameters in turn, literal text first and last."""
    pieces: list[str | Parameter] = []
    position = 0
    for placeholder in _PLACEHOLDER.finditer(path):
        name, key = placeholder.group(1), placeholder.group(2) or "str"
        convertor = CONVERTOR_TYPES.get(key)
        if convertor is None:
            known = ", ".join(sorted(CONVERTOR_TYPES))
            raise PathTemplateError(
                f"Unknown path convertor '{key}' for parameter '{name}' at path {path}. "
                f"Known convertors: {known}. Use one of them, or register yours with "
                f"starlette.convertors.register_url_convertor({key!r}, ...) before this route is declared."
            )
        pieces += (path[position : placeholder.start()], Parameter(name, convertor))
        position = placeholder.end()
    pieces.append(path[position:])
    _reject_repeated_names(path, pieces)
    return pieces


def _reject_repeated_names(path: str, pieces: list[str | Parameter]) -> None:
    uses = Counter(piece.name for piece in pieces if isinstance(piece, Parameter))
    repeated = sorted(name for name, count in uses.items() if count > 1)
    if repeated:
        plural = "s" if len(repeated) > 1 else ""
        raise PathTemplateError(
            f"Duplicated param name{plural} {', '.join(repeated)} at path {path}. "
            "Give every path parameter a name of its own, router prefixes included."
        )


def _split_segments(pieces: list[str | Parameter]) -> list[list[str | Parameter]]:
    """The pieces between the slashes of the literal text; empty literals are dropped."""
    rows: list[list[str | Parameter]] = [[]]
    for piece in pieces:
        if isinstance(piece, Parameter):
            rows[-1].append(piece)
            continue
        first, *others = piece.split("/")
        if first:
            rows[-1].append(first)
        rows.extend([text] if text else [] for text in others)
    return rows


def _read_segment(row: list[str | Parameter]) -> Segment:
    match row:
        case []:
            return Segment(literal="")
        case [str() as text]:
            return Segment(literal=text)
        case [Parameter() as parameter]:
            expression = None if parameter.is_plain else f"(?:{parameter.convertor.regex})"
            return Segment(None, expression, parameter)
    parts = (re.escape(p) if isinstance(p, str) else f"(?:{p.convertor.regex})" for p in row)
    return Segment(None, "".join(parts))


def _find_catch_all(rest: list[list[str | Parameter]]) -> Parameter | None:
    match rest:
        case [[Parameter() as parameter]] if parameter.convertor.regex == PathConvertor.regex:
            return parameter
    return None
