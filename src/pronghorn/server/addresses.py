"""The ends of a connection, as ASGI names them.

Lives here: from what sockets tell to address and port. Must not live here: proxies' claims (`proxy`).
"""

from __future__ import annotations


def client_address(name: object) -> tuple[str, int] | None:
    """Address and port of a peer; None on a Unix socket."""
    if isinstance(name, tuple) and len(name) >= 2:
        return str(name[0]), int(name[1])
    return None


def server_address(name: object) -> tuple[str, int | None] | None:
    """Address and port of this end; path and None on a Unix socket."""
    if isinstance(name, str) and name:
        return name, None
    return client_address(name)
