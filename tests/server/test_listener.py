from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from pronghorn.server import CannotListen, ServerConfig, running
from pronghorn.server.listener import close_socket, describe, open_socket
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
