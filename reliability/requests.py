"""Rows 1 and 2: what the rules of HTTP/1.1 demand, case by case, of a server that runs."""

from __future__ import annotations

from collections.abc import AsyncIterator

from reliability.cases.case import Case, failing
from reliability.cases.malformed import MALFORMED
from reliability.cases.rules import RULES
from reliability.cases.smuggling import CHUNKS, CODINGS, LENGTHS, SMUGGLING
from reliability.check import Figure, none_of
from reliability.serving import Served, serving, untroubled

INVALID: tuple[Case, ...] = (*MALFORMED, *LENGTHS, *CODINGS, *CHUNKS)


async def _failing(server: Served, what: str, cases: tuple[Case, ...]) -> AsyncIterator[Figure]:
    for which, second in (("first on its connection", False), ("second", True)):
        yield none_of(f"{what}, {which}", await failing(server.port, cases, second=second), len(cases))


async def conformance() -> AsyncIterator[Figure]:
    """Every case of every table, as the first request of its connection and as the second."""
    with serving() as server:
        for what, cases in (
            ("rules not kept", RULES),
            ("malformed requests not turned away", MALFORMED),
            ("ambiguous requests not turned away", SMUGGLING),
        ):
            async for figure in _failing(server, what, cases):
                yield figure
        yield untroubled(server)


async def invalid() -> AsyncIterator[Figure]:
    """The invalid ones only: one refusal each, `Connection: close`, nothing of what follows read."""
    with serving() as server:
        async for figure in _failing(server, "accepted, or not ended by one refusal", INVALID):
            yield figure
        yield untroubled(server)
