from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import Iterator

import pytest

from pronghorn.server.descriptors import has_unread, raise_limit, room_for_connections


@pytest.fixture
def limits() -> Iterator[tuple[int, int]]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_limit_is_raised_as_far_as_it_may_be(limits: tuple[int, int]) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (300, limits[1]))
    raise_limit()
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (limits[1], limits[1])


@pytest.mark.parametrize(
    ("soft", "wanted", "expected"),
    [(400, 10_000, 300), (400, None, 300), (400, 100, 100), (2000, None, 1744)],
)
def test_connections_leave_descriptors_for_others(
    limits: tuple[int, int], soft: int, wanted: int | None, expected: int
) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, limits[1]))
    assert room_for_connections(wanted) == expected


def test_without_a_limit_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    monkeypatch.setattr(resource, "getrlimit", lambda _: unlimited)
    assert room_for_connections(None) is None
    assert room_for_connections(7) == 7


class Transport(asyncio.Transport):
    def __init__(self, connection: socket.socket | None) -> None:
        super().__init__({"socket": connection})


def test_bytes_that_nobody_has_read_are_noticed() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert not has_unread(Transport(ours))
        theirs.sendall(b"x")
        assert has_unread(Transport(ours))
        ours.recv(1)
        assert not has_unread(Transport(ours))
    assert not has_unread(Transport(ours)), "closed meanwhile"
    assert not has_unread(Transport(None))
