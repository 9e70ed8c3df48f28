from __future__ import annotations

import contextlib
import os
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pronghorn.server import CannotListen, ServerConfig, running
from pronghorn.server import listener as listener_module
from pronghorn.server.listener import close_socket, describe, open_socket, turn_newcomers_away
from tests.server.applications import Fast, echo
from tests.server.peer import connected


def test_a_free_port_is_found_and_told() -> None:
    listener = open_socket(ServerConfig(port=0))
    port = listener.getsockname()[1]
    assert describe(listener, "http") == f"http://127.0.0.1:{port}"
    with pytest.raises(CannotListen, match=f"cannot listen on 127.0.0.1:{port}: Address already in use"):
        open_socket(ServerConfig(port=port))
    close_socket(listener)


def test_ipv6_addresses_are_told_in_brackets() -> None:
    try:
        listener = open_socket(ServerConfig(host="::1", port=0))
    except CannotListen:
        pytest.skip("no IPv6 here")
    assert describe(listener, "https").startswith("https://[::1]:")
    close_socket(listener)


def test_a_unix_socket_has_its_permissions_and_goes_with_the_server(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    config = ServerConfig(uds=str(path), uds_mode=0o600, access_log=False)
    for _ in range(2):
        with running(echo, config) as server, connected(server) as peer:
            assert server.url == f"unix:{path}"
            assert server.port == 0
            assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
            assert peer.get("/x").body == b"GET /x "
        assert not path.exists()


def test_a_unix_socket_that_was_left_behind_is_replaced(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    left = socket.socket(socket.AF_UNIX)
    left.bind(path)
    left.close()
    listener = open_socket(ServerConfig(uds=path))
    close_socket(listener)


def test_a_file_in_the_way_of_a_unix_socket_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    path.write_text("precious")
    with pytest.raises(CannotListen, match=r"cannot listen on .*socket"):
        open_socket(ServerConfig(uds=str(path)))
    assert path.read_text() == "precious"


def test_an_inherited_socket_is_served() -> None:
    with socket.create_server(("127.0.0.1", 0)) as inherited:
        config = ServerConfig(fd=inherited.fileno(), access_log=False)
        with running(Fast(), config) as server, connected(server) as peer:
            assert server.port == inherited.getsockname()[1]
            assert peer.get("/hello").body == b"hello"


def test_a_descriptor_that_is_none_is_an_error() -> None:
    with pytest.raises(CannotListen, match="cannot listen on file descriptor 9999"):
        open_socket(ServerConfig(fd=9999))


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A socket as systemd hands it over, but for its number."""
    with socket.create_server(("127.0.0.1", 0)) as inherited:
        monkeypatch.setattr(listener_module, "_FIRST_HANDED_OVER", os.dup(inherited.fileno()))
        monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
        monkeypatch.setenv("LISTEN_FDS", "1")
        monkeypatch.setenv("LISTEN_FDNAMES", "http")
        yield inherited
        with contextlib.suppress(OSError):
            os.close(listener_module._FIRST_HANDED_OVER)


def test_a_socket_that_is_handed_over_comes_first_and_only_once(handed_over: socket.socket) -> None:
    with running(Fast(), ServerConfig(port=0, access_log=False)) as server, connected(server) as peer:
        assert server.port == handed_over.getsockname()[1]
        assert peer.get("/hello").body == b"hello"
    assert not [name for name in os.environ if name.startswith("LISTEN_")]
    other = open_socket(ServerConfig(port=0))
    assert other.getsockname()[1] != handed_over.getsockname()[1]
    close_socket(other)


@pytest.mark.parametrize(("name", "value"), [("LISTEN_PID", "1"), ("LISTEN_FDS", "0")])
def test_a_socket_that_is_not_for_this_process_is_not_taken(
    handed_over: socket.socket, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    other = open_socket(ServerConfig(port=0))
    assert other.getsockname()[1] != handed_over.getsockname()[1]
    close_socket(other)


def test_a_socket_of_the_options_comes_before_one_that_is_handed_over(
    handed_over: socket.socket, tmp_path: Path
) -> None:
    listener = open_socket(ServerConfig(uds=str(tmp_path / "socket")))
    assert listener.family == socket.AF_UNIX
    close_socket(listener)


def test_more_than_one_socket_is_an_error(
    handed_over: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LISTEN_FDS", "2")
    with pytest.raises(CannotListen, match="LISTEN_FDS is '2': expected 1, a single socket"):
        open_socket(ServerConfig(port=0))


def test_the_file_of_a_successor_stays(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    config = ServerConfig(uds=str(path))
    old, new = open_socket(config), open_socket(config)
    close_socket(old)
    assert path.exists()
    close_socket(new)
    assert not path.exists()


def test_a_unix_socket_is_never_more_open_than_it_should_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[int] = []
    monkeypatch.setattr(os, "chmod", lambda path, mode: modes.append(stat.S_IMODE(os.stat(path).st_mode)))
    listener = open_socket(ServerConfig(uds=str(tmp_path / "socket")))
    assert modes[0] & ~0o660 == 0
    close_socket(listener)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a packet filter of Linux")
def test_newcomers_can_be_turned_away_while_those_let_in_are_still_accepted() -> None:
    listener = open_socket(ServerConfig(port=0))
    address = listener.getsockname()
    with socket.create_connection(address) as early, socket.socket() as late:
        assert turn_newcomers_away(listener)
        late.settimeout(0.1)
        with pytest.raises(TimeoutError):
            late.connect(address)
        accepted, _ = listener.accept()
        with accepted:
            accepted.sendall(b"in time")
            assert early.recv(7) == b"in time"
    close_socket(listener)


def test_a_socket_of_somebody_else_is_left_as_it_is(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        inherited = open_socket(ServerConfig(fd=foreign.fileno()))
        assert not turn_newcomers_away(inherited)
        close_socket(inherited)
    unix = open_socket(ServerConfig(uds=str(tmp_path / "socket")))
    assert not turn_newcomers_away(unix)
    close_socket(unix)
