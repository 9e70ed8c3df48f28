"""Whom the server believes about where a request came from."""

import pytest

from pronghorn.server.proxy import Headers, TrustedProxies

PEER = ("127.0.0.1", 4000)


def forwarded(addresses: str = "", protocol: str = "", *others: tuple[bytes, bytes]) -> Headers:
    fields = [(b"x-forwarded-for", addresses), (b"x-forwarded-proto", protocol)]
    return [*others, *((name, value.encode()) for name, value in fields if value)]


@pytest.mark.parametrize(
    ("addresses", "client"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("6.6.6.6, 1.2.3.4", "1.2.3.4"),
        ("1.2.3.4, 127.0.0.1", "1.2.3.4"),
        ("127.0.0.2, 127.0.0.1", "127.0.0.2"),
        ("1.2.3.4:5000", "1.2.3.4"),
        ("[2001:db8::1]:5000", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_the_right_most_untrusted_address_is_the_client(addresses: str, client: str) -> None:
    assert TrustedProxies().origin(PEER, "http", forwarded(addresses))[0] == (client, 0)


@pytest.mark.parametrize(
    ("protocol", "scheme"), [("https", "https"), ("wss", "https"), ("ws", "http"), ("gopher", "http")]
)
def test_the_scheme_follows_a_known_protocol(protocol: str, scheme: str) -> None:
    assert TrustedProxies().origin(PEER, "http", forwarded("", protocol))[1] == scheme


def test_a_peer_that_is_not_listed_is_not_believed() -> None:
    headers = forwarded("1.2.3.4", "https", (b"x_tok", b"1"))

    assert TrustedProxies().origin(("9.9.9.9", 1), "http", headers) == (("9.9.9.9", 1), "http", headers)
    assert TrustedProxies().origin(("testclient", 1), "http", headers)[1] == "http"


@pytest.mark.parametrize("networks", ["*", "10.0.0.0/8, 9.9.9.9", ["9.9.0.0/16"]])
def test_listed_peers_are_believed(networks: str | list[str]) -> None:
    assert TrustedProxies(networks).origin(("9.9.9.9", 1), "http", forwarded("", "https"))[1] == "https"


def test_a_unix_socket_is_this_machine() -> None:
    assert TrustedProxies().origin(None, "http", forwarded("1.2.3.4"))[0] == ("1.2.3.4", 0)


def test_names_with_underscores_are_dropped_where_a_proxy_forwards() -> None:
    headers = forwarded("1.2.3.4", "", (b"x_forwarded_for", b"6.6.6.6"), (b"accept", b"*/*"))

    kept = TrustedProxies().origin(PEER, "http", headers)[2]

    assert [name for name, _ in kept] == [b"accept", b"x-forwarded-for"]


def test_a_request_that_nobody_forwarded_stays_as_it_is() -> None:
    headers = [(b"strange_header", b"1")]

    assert TrustedProxies().origin(PEER, "http", headers) == (PEER, "http", headers)


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        TrustedProxies("nonsense")
