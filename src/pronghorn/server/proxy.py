"""Who a request came from, when proxies that are trusted say so.

Lives here: reading X-Forwarded-For and X-Forwarded-Proto, or Forwarded (RFC 7239). Must not live here:
trusting anyone who is not listed.
Invariants:
- An address that an untrusted peer could have written is never believed: the right-most untrusted one is
  the client.
- One family of fields counts, the one that the proxy is known to set. It passes the other on as the client
  wrote it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Literal

LOOPBACK = ("127.0.0.0/8", "::1")

Family = Literal["x-forwarded", "forwarded"]

FORWARDED = {
    "x-forwarded": frozenset((b"x-forwarded-for", b"x-forwarded-proto")),
    "forwarded": frozenset((b"forwarded",)),
}
# RFC 7239 section 4: a parameter, or what ends it or its element. No part can match in two ways.
_PARAMETER = re.compile(
    r"""\s*(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*))\s*)?(?:[;,]|$)"""
)

Headers = list[tuple[bytes, bytes]]
Address = tuple[str, int]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class TrustedProxies:
    """The peers whose fields about the client count.

    Args:
        networks: addresses and networks, by commas or as a sequence; `*` is everyone, None this machine.
        family: which fields they set.

    Raises:
        ValueError: one of them is no address or network.
    """

    def __init__(self, networks: str | Sequence[str] | None = None, family: Family = "x-forwarded") -> None:
        self._names = FORWARDED[family]
        listed = (
            LOOPBACK if networks is None else networks.split(",") if isinstance(networks, str) else networks
        )
        names = [name.strip() for name in listed if name.strip()]
        self._everyone = "*" in names
        self._networks: list[Network] = [
            ipaddress.ip_network(name, strict=False) for name in names if name != "*"
        ]

    def trusts(self, host: str) -> bool:
        """Whether `host`, an address, is one of them. Unix sockets have no address: their peer is local."""
        if self._everyone or not host:
            return True
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._networks)

    def origin(
        self, client: Address | None, scheme: str, headers: Headers
    ) -> tuple[Address | None, str, Headers]:
        """Client, scheme and headers as the application should see them.

        Where a trusted peer forwards, header names with underscores are dropped: behind gateways that fold
        `_` and `-` they could pass for names that the proxy sets itself.
        """
        # PERF: most requests carry none of the fields; the look at the names comes before that at the peer.
        if self._names.isdisjoint([name for name, _ in headers]):
            return client, scheme, headers
        if not self.trusts(client[0] if client else ""):
            return client, scheme, headers
        headers = [field for field in headers if b"_" not in field[0]]
        if b"forwarded" in self._names:
            chain, protocols = _elements(headers)
        else:
            chain = _values(headers, b"x-forwarded-for")
            protocols = _values(headers, b"x-forwarded-proto")
        if protocols and protocols[-1] in ("http", "https", "ws", "wss"):
            scheme = {"ws": "http", "wss": "https"}.get(protocols[-1], protocols[-1])
        if chain:
            host = next((host for host in reversed(chain) if not self.trusts(_bare(host))), chain[0])
            client = (_bare(host), 0)
        return client, scheme, headers


def _values(headers: Headers, name: bytes) -> list[str]:
    text = ",".join(value.decode("latin-1") for key, value in headers if key == name)
    return [part.strip() for part in text.split(",") if part.strip()]


def _elements(headers: Headers) -> tuple[list[str], list[str]]:
    """The `for` and `proto` parameters of Forwarded. What is no list of parameters counts for nothing."""
    text = ",".join(value.decode("latin-1") for key, value in headers if key == b"forwarded")
    chain, protocols, position = [], [], 0
    while position < len(text):
        found = _PARAMETER.match(text, position)
        if found is None:
            return [], []
        position = found.end()
        name, quoted, token = (found[1] or "").lower(), found[2], found[3]
        value = token if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        if name == "for":
            chain.append(value)
        elif name == "proto":
            protocols.append(value.lower())
    return chain, protocols


def _bare(host: str) -> str:
    """An address without its port: `1.2.3.4:5`, `[::1]:5`."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host
