"""What a check is made of: figures, each beside its bar.

Lives here: the records, and how a figure is compared. Must not live here: any check.
Invariant: a figure without a bar does not exist; what cannot be measured here is `Skipped`, with the reason.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured, and what it had to be."""

    what: str
    found: str
    bar: str
    met: bool


class Skipped(Exception):
    """The check cannot run on this machine; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the table.

    Attributes:
        row: its number in the table of `docs/reliability.md`.
        name: what it is called on the command line.
        about: the fault, in a few words.
        run: measures, and yields figures as they are known.
        soak: whether it takes minutes, and so belongs to the long part.
    """

    row: int
    name: str
    about: str
    run: Callable[[], AsyncIterator[Figure]]
    soak: bool = False


def at_most(what: str, found: float, bar: float, unit: str = "") -> Figure:
    """A figure that must not exceed `bar`."""
    return Figure(what, f"{found:,.4g} {unit}".strip(), f"≤ {bar:,.4g} {unit}".strip(), found <= bar)


def at_least(what: str, found: float, bar: float, unit: str = "") -> Figure:
    """A figure that must reach `bar`."""
    return Figure(what, f"{found:,.4g} {unit}".strip(), f"≥ {bar:,.4g} {unit}".strip(), found >= bar)


def exactly(what: str, found: object, expected: object) -> Figure:
    """A figure that must be what was expected."""
    return Figure(what, str(found), str(expected), found == expected)


def none_of(what: str, found: list[str], total: int) -> Figure:
    """Cases of which none may be in `found`; the first ones are named."""
    names = f": {', '.join(found[:8])}" if found else ""
    return Figure(what, f"{len(found)} of {total}{names}", f"0 of {total}", not found)
