"""Where an event loop stands, in words.

Lives here: finding the user's function in a stack, and the call in it that does not return. Must not live
here: noticing (`watch`). Invariant: looks at frames of a running thread, and keeps none of them.
"""

from __future__ import annotations

import linecache
import os
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, takewhile
from types import FrameType

_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_PATHS = sysconfig.get_paths()
_STANDARD = os.path.dirname(os.path.abspath(linecache.__file__)) + os.sep
_INSTALLED = tuple(os.path.abspath(_PATHS[name]) + os.sep for name in ("purelib", "platlib"))
_FRAMEWORK = (
    _OWN,
    *(f"{folder}{name}{os.sep}" for folder in _INSTALLED for name in ("starlette", "uvloop", "anyio")),
)
_LOOP = (f"{_STANDARD}asyncio{os.sep}", f"{_STANDARD}contextlib.py", f"{_STANDARD}concurrent{os.sep}")


@dataclass(frozen=True)
class Place:
    """A place in a running function: its name, file and line, and the source of what is evaluated there."""

    function: str
    file: str
    line: int
    code: str

    @property
    def position(self) -> str:
        """File, as seen from here, and line."""
        file = os.path.relpath(self.file) if self.file.startswith(os.getcwd() + os.sep) else self.file
        return f"{file}:{self.line}"


@dataclass(frozen=True)
class Standstill:
    """Where the loop stands.

    Attributes:
        handler: the function that the framework called: a path operation, a dependency, a task.
        call: where the user's code called what does not return; `handler` itself, or something below it.
    """

    handler: Place
    call: Place

    def __str__(self) -> str:
        text = f"{self.handler.function}, at {self.handler.position}: {self.handler.code}"
        if self.call == self.handler:
            return text
        return (
            f"{text}; the call that blocks: {self.call.code}, in {self.call.function} at {self.call.position}"
        )


def find_standstill(frame: FrameType) -> Standstill | None:
    """Where the user's code is in a stack; None when none of it is.

    Args:
        frame: the innermost one.
    """
    stack = list(_outwards(frame))
    start = next((index for index, one in enumerate(stack) if not _is_framework(one)), len(stack))
    # What the framework called, and all below it. Above it may be functions that the framework was called
    # by: middleware that has passed the request on does not block.
    called = list(takewhile(lambda one: not _is_framework(one), stack[start:]))
    call = next((one for one in called if not _is_library(one)), None)
    # Without any: what the framework itself does at a first request, such as importing.
    return None if call is None else Standstill(_place(called[-1]), _place(call))


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _is_framework(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    # What is generated (a plan), frozen or typed in has a name in angle brackets.
    return file.startswith((*_FRAMEWORK, *_LOOP, "<"))


def _is_library(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith((_STANDARD, *_INSTALLED))


def _place(frame: FrameType) -> Place:
    code = frame.f_code
    return Place(code.co_qualname, code.co_filename, frame.f_lineno, _source(frame))


def _source(frame: FrameType) -> str:
    """The expression that is evaluated in a frame, or its line."""
    position = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None), None)
    number = frame.f_lineno
    line = linecache.getline(frame.f_code.co_filename, number)
    if position is None or None in position or position[0] != number:
        return line.strip()
    first, last, start, end = position
    encoded = line.encode()
    if first != last:
        return f"{encoded[start:].decode(errors='replace').strip()} …"
    return encoded[start:end].decode(errors="replace")
