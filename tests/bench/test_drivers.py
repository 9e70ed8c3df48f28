"""The clients, against the application that is measured."""

import asyncio
import os
from collections.abc import Iterator

import pytest

from bench import drivers
from bench.contenders import CONTENDERS
from bench.drivers import DRIVERS, Peer, take_text, text_frame
from bench.servers import Server, Unfit, check, serving
from bench.workloads import workload

PRONGHORN = CONTENDERS[0]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    assert PRONGHORN.name == "pronghorn"
    with serving(PRONGHORN, {}) as server:
        yield server


@pytest.mark.parametrize("name", ["events", "echo", "broadcast"])
def test_counts_what_was_answered(server: Server, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers, "LISTENERS", 5)
    monkeypatch.setattr(drivers, "ROOM", 5)
    load = asyncio.run(DRIVERS[name](server.port, 1))
    assert load.count > 10
    assert load.seconds >= 1


def test_a_server_that_has_no_such_socket_is_unfit(server: Server) -> None:
    with pytest.raises(Unfit, match="instead of 101"):
        asyncio.run(drivers.open_sockets(server.port, "/nowhere", 2))


def test_wrong_replies_are_found(server: Server) -> None:
    check(server, workload("parameters"))
    with pytest.raises(Unfit, match="header x-one is None"):
        check(server, workload("middleware"))


def test_the_server_is_gone_afterwards() -> None:
    with serving(PRONGHORN, {}) as server:
        assert server.process.poll() is None
    with pytest.raises(ProcessLookupError):
        os.killpg(server.pid, 0)


def test_takes_whole_frames_only() -> None:
    peer = Peer(lambda peer: None)
    peer.data = bytearray(b"\x81\x02hi\x89\x00\x81\x03o")
    assert take_text(peer) == "hi"
    assert take_text(peer) is None
    peer.data += b"ne"
    assert take_text(peer) == "one"
    assert text_frame("a") == b"\x81\x81\x00\x00\x00\x00a"
