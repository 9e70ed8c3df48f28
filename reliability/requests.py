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


async def _failing(server: Served, what: str, cases: tuple[Case, ...]) -> Figure:
    return none_of(what, await failing(server.port, cases), len(cases))


async def conformance() -> AsyncIterator[Figure]:
    """Every case of every table."""
    with serving() as server:
        yield await _failing(server, "rules not kept", RULES)
        yield await _failing(server, "malformed requests not turned away", MALFORMED)
        yield await _failing(server, "ambiguous requests not turned away", SMUGGLING)
        yield untroubled(server)


async def invalid() -> AsyncIterator[Figure]:
    """The invalid ones only: one refusal each, `Connection: close`, nothing of what follows read."""
    with serving() as server:
        yield await _failing(server, "invalid requests accepted, or not ended by one refusal", INVALID)
        yield untroubled(server)
