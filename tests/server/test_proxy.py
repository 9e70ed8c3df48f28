from __future__ import annotations

import pytest

from pronghorn.server.proxy import TrustedProxies

PEER = ("127.0.0.1", 5000)


def origin(
    *headers: tuple[bytes, bytes], networks: str | list[str] | None = None, peer: object = PEER
) -> object:
    client, scheme, _ = TrustedProxies(networks).origin(peer, "http", list(headers))  # type: ignore[arg-type]
    return client[0] if client else None, scheme


def forwarded(value: bytes) -> tuple[bytes, bytes]:
    return b"x-forwarded-for", value


def test_without_fields_the_peer_is_the_client() -> None:
    assert origin() == ("127.0.0.1", "http")


def test_the_rightmost_untrusted_address_is_the_client() -> None:
    chain = forwarded(b"6.6.6.6, 1.2.3.4, 10.0.0.7")
    assert origin(chain, networks="127.0.0.1,10.0.0.0/8") == ("1.2.3.4", "http")
    assert origin(forwarded(b"6.6.6.6"), forwarded(b"1.2.3.4")) == ("1.2.3.4", "http")


def test_a_chain_of_trusted_addresses_begins_with_the_client() -> None:
    assert origin(forwarded(b"10.0.0.1, 10.0.0.2"), networks=["127.0.0.1", "10.0.0.0/8"]) == (
        "10.0.0.1",
        "http",
    )
    assert origin(forwarded(b"6.6.6.6, 1.2.3.4"), networks="*") == ("6.6.6.6", "http")


@pytest.mark.parametrize(
    ("value", "host"),
    [(b"1.2.3.4:99", "1.2.3.4"), (b"[2001:db8::1]:99", "2001:db8::1"), (b"2001:db8::1", "2001:db8::1")],
)
def test_ports_are_cut_off(value: bytes, host: str) -> None:
    assert origin(forwarded(value)) == (host, "http")


def test_what_is_no_address_is_not_trusted() -> None:
    assert origin(forwarded(b"1.2.3.4, unknown")) == ("unknown", "http")


@pytest.mark.parametrize(
    ("value", "scheme"),
    [
        (b"https", "https"),
        (b"wss", "https"),
        (b"ws", "http"),
        (b"http, https", "https"),
        (b"javascript", "http"),
        (b"", "http"),
    ],
)
def test_schemes_are_those_of_http(value: bytes, scheme: str) -> None:
    assert origin((b"x-forwarded-proto", value)) == ("127.0.0.1", scheme)


def test_fields_of_an_untrusted_peer_are_left_alone() -> None:
    headers = [forwarded(b"1.2.3.4"), (b"x_a", b"b")]
    stranger = ("8.8.8.8", 1)
    assert TrustedProxies().origin(stranger, "http", headers) == (stranger, "http", headers)


def test_names_with_underscores_are_dropped_from_a_trusted_peer() -> None:
    given = [(b"x_forwarded_for", b"1.2.3.4"), forwarded(b"5.6.7.8")]
    _, _, headers = TrustedProxies().origin(PEER, "http", given)
    assert headers == [forwarded(b"5.6.7.8")]


def test_the_peer_of_a_unix_socket_is_local() -> None:
    assert origin(forwarded(b"1.2.3.4"), peer=None) == ("1.2.3.4", "http")
    assert origin(peer=None) == (None, "http")


def test_a_network_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        TrustedProxies("nonsense")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([b"for=1.2.3.4"], ("1.2.3.4", "http")),
        ([b"For=1.2.3.4;Proto=HTTPS;by=10.0.0.1"], ("1.2.3.4", "https")),
        ([b'for="[2001:db8::1]:99"; proto=https'], ("2001:db8::1", "https")),
        ([b"for=6.6.6.6, for=1.2.3.4;proto=https, for=127.0.0.9"], ("1.2.3.4", "https")),
        ([b"for=6.6.6.6", b"for=1.2.3.4"], ("1.2.3.4", "http")),
        ([b'for="6.6.6.6, for=7.7.7.7", for=1.2.3.4'], ("1.2.3.4", "http")),
        ([b'for="\\1.2.3.4"'], ("1.2.3.4", "http")),
        ([b"for=_hidden"], ("_hidden", "http")),
        ([b" , ;for=1.2.3.4;;"], ("1.2.3.4", "http")),
        ([b"by=10.0.0.1"], ("127.0.0.1", "http")),
        ([b'for="6.6.6.6', b"for=1.2.3.4"], ("127.0.0.1", "http")),
        ([b"nonsense"], ("127.0.0.1", "http")),
    ],
)
def test_forwarded_counts_where_it_is_what_the_proxy_sets(
    values: list[bytes], expected: tuple[str, str]
) -> None:
    headers = [(b"forwarded", value) for value in values]
    client, scheme, _ = TrustedProxies(family="forwarded").origin(PEER, "http", headers)
    assert client is not None
    assert (client[0], scheme) == expected


def test_the_family_of_fields_that_the_proxy_does_not_set_says_nothing() -> None:
    both = [(b"forwarded", b"for=6.6.6.6"), forwarded(b"7.7.7.7")]
    assert TrustedProxies().origin(PEER, "http", both)[0] == ("7.7.7.7", 0)
    assert TrustedProxies(family="forwarded").origin(PEER, "http", both)[0] == ("6.6.6.6", 0)
