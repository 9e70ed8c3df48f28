"""Who a request came from, when proxies that are trusted say so.

Lives here: reading X-Forwarded-For and X-Forwarded-Proto. Must not live here: trusting anyone who is not
listed. Invariant: an address that an untrusted peer could have written is never believed: the right-most
untrusted one is the client.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

LOOPBACK = ("127.0.0.0/8", "::1")

_FORWARDED = frozenset((b"x-forwarded-for", b"x-forwarded-proto"))

Headers = list[tuple[bytes, bytes]]
Address = tuple[str, int]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class TrustedProxies:
    """The peers whose X-Forwarded fields count.

    Args:
        networks: addresses and networks, by commas or as a sequence; `*` is everyone, None this machine.

    Raises:
        ValueError: one of them is no address or network.
    """

    def __init__(self, networks: str | Sequence[str] | None = None) -> None:
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
        # PERF: most requests carry neither field; the look at the names comes before that at the peer.
        if _FORWARDED.isdisjoint([name for name, _ in headers]):
            return client, scheme, headers
        if not self.trusts(client[0] if client else ""):
            return client, scheme, headers
        headers = [field for field in headers if b"_" not in field[0]]
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


def _bare(host: str) -> str:
    """An address without its port: `1.2.3.4:5`, `[::1]:5`."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host
