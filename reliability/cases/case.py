"""One conversation, and what it must come to.

Lives here: the record of a case, the ways to judge one, and holding it. Must not live here: cases.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from reliability.peer import Response, connected

_QUIET = 0.4
"""Seconds of silence after which a server has nothing more to say."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What came back.

    Attributes:
        responses: the final responses, whole.
        closed: whether the server closed the connection.
        broken: whether it said something that is no response, or stopped within one.
    """

    responses: tuple[Response, ...]
    closed: bool
    broken: bool


Judge = Callable[[Conversation], bool]


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to say to a server.

    Attributes:
        name: what it is about, in a word or two.
        clause: where the rule stands.
        data: the bytes, sent at once.
        judge: whether what came back is right.
    """

    name: str
    clause: str
    data: bytes
    judge: Judge


def refused(*statuses: int) -> Judge:
    """One error, `Connection: close`, the end of the connection; by default any 4xx or 501 or 505."""

    def judge(heard: Conversation) -> bool:
        if len(heard.responses) != 1 or not heard.closed or heard.broken:
            return False
        response = heard.responses[0]
        allowed = response.status in statuses if statuses else 400 <= response.status < 500
        return allowed and response.closes

    return judge


def answered(count: int = 1, body: bytes | None = None, *, closed: bool = False) -> Judge:
    """So many 2xx, the last of them with `body`; and the connection stays, or not."""

    def judge(heard: Conversation) -> bool:
        return (
            [response.status // 100 for response in heard.responses] == [2] * count
            and heard.closed is closed
            and not heard.broken
            and (body is None or heard.responses[-1].body == body)
        )

    return judge


def with_status(*statuses: int) -> Judge:
    """One response with one of these."""

    def judge(heard: Conversation) -> bool:
        return len(heard.responses) == 1 and heard.responses[0].status in statuses and not heard.broken

    return judge


def with_field(name: str, judge: Judge) -> Judge:
    """As `judge` has it, and with a field of this name."""
    return lambda heard: judge(heard) and bool(heard.responses[0].header(name))


def without_field(name: str, judge: Judge) -> Judge:
    """As `judge` has it, and without a field of this name."""
    return lambda heard: judge(heard) and not heard.responses[0].header(name)


def either(*judges: Judge) -> Judge:
    """What any of them allows."""
    return lambda heard: any(judge(heard) for judge in judges)


def waits(heard: Conversation) -> bool:
    """Nothing yet: the server waits for the rest."""
    return not heard.responses and not heard.closed and not heard.broken


async def converse(port: int, data: bytes, *, second: bool = False) -> Conversation:
    """Say `data`, and listen until the server closes or says nothing for a while.

    Args:
        port: where.
        data: what.
        second: whether the connection has served a request before, of the most ordinary kind.
    """
    responses: list[Response] = []
    async with connected(port) as peer:
        try:
            if second:
                await peer.get()
            await peer.say(data)
            while True:
                bodyless = data.startswith(b"HEAD ")
                responses.append(await peer.response(bodyless=bodyless, timeout=_QUIET))
        except TimeoutError:
            return Conversation(tuple(responses), closed=False, broken=False)
        except ConnectionError:
            return Conversation(tuple(responses), closed=True, broken=False)
        except asyncio.IncompleteReadError as error:
            # Nothing of a next status line: an end in order.
            broken = error.expected is not None or bool(error.partial)
            return Conversation(tuple(responses), closed=True, broken=broken)
        except ValueError:
            return Conversation(tuple(responses), closed=True, broken=True)


async def failing(port: int, cases: tuple[Case, ...], *, second: bool, at_once: int = 24) -> list[str]:
    """The names of the cases whose judge is not content, and what came back."""
    gate = asyncio.Semaphore(at_once)

    async def hold(case: Case) -> str:
        async with gate:
            heard = await converse(port, case.data, second=second)
        return "" if case.judge(heard) else f"{case.name} ({describe(heard)})"

    return [name for name in await asyncio.gather(*(hold(case) for case in cases)) if name]


def describe(heard: Conversation) -> str:
    """What came back, in a few characters: `400 close EOF`."""
    words = [f"{one.status}{' close' if one.closes else ''}" for one in heard.responses]
    return (
        " ".join([*words, *(["EOF"] if heard.closed else []), *(["broken"] if heard.broken else [])]) or "-"
    )
