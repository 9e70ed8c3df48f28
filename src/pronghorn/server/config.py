"""Everything about the native server that can be chosen, in one frozen record.

Lives here: the options, their defaults and what they mean; the command line, the supervisor and the
workers all read this one record. Must not live here: anything that acts on an option.
Invariant: a `ServerConfig` that exists is valid; a wrong value is refused where it was written.
"""

from __future__ import annotations

import dataclasses
import ssl
from collections.abc import Sequence
from typing import Literal

from pronghorn._base.lifespan import LifespanMode

LoopName = Literal["auto", "uvloop", "asyncio"]
LogLevel = Literal["critical", "error", "warning", "info", "debug"]

KIB = 1024
MIB = 1024 * KIB


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServerConfig:
    """The native server's options. Times are seconds, sizes are bytes.

    Example:
        >>> ServerConfig(port=9000, access_log=False).port
        9000

    Raises:
        ValueError: an option has a value that cannot work.
    """

    # Where to listen ---------------------------------------------------------------------------------

    host: str = "127.0.0.1"
    """The address to listen on. `0.0.0.0` is every IPv4 address of the machine, `::` every IPv6 one."""

    port: int = 8000
    """The TCP port. 0 takes a free one, which `Server.port` tells."""

    uds: str | None = None
    """Listen on this Unix socket instead of an address."""

    uds_mode: int = 0o660
    """The permissions of the Unix socket."""

    fd: int | None = None
    """Listen on this inherited socket (its file descriptor) instead of an address."""

    backlog: int = 2048
    """How many connections the kernel holds until they are accepted."""

    # TLS ---------------------------------------------------------------------------------------------

    ssl_certfile: str | None = None
    """The certificate chain (PEM). With it the server speaks TLS 1.2 or newer."""

    ssl_keyfile: str | None = None
    """The private key (PEM), where it is not in `ssl_certfile`."""

    ssl_keyfile_password: str | None = dataclasses.field(default=None, repr=False)
    """The password of the private key."""

    ssl_ca_certs: str | None = None
    """Client certificates are asked for and must be signed by one of these authorities (PEM)."""

    handshake_timeout: float = 10.0
    """How long a TLS handshake may take."""

    # The application ---------------------------------------------------------------------------------

    root_path: str = ""
    """The path under which a proxy shows the application to the world (ASGI `root_path`)."""

    lifespan: LifespanMode = "auto"
    """Whether to run the ASGI lifespan protocol; `auto` goes on without it when the application has none."""

    loop: LoopName = "auto"
    """The event loop; `auto` is uvloop where it is installed."""

    # Requests ----------------------------------------------------------------------------------------

    max_head_size: int = 32 * KIB
    """The largest request line and header fields together: 431."""

    max_header_fields: int = 100
    """The largest number of header fields: 431."""

    max_target_size: int = 8 * KIB
    """The longest request target: 414."""

    max_body_size: int | None = None
    """The largest request body: 413. None leaves the decision to the application."""

    max_pipelined: int = 8
    """How many requests are parsed behind the one being answered, before reading pauses."""

    max_active_requests: int | None = 1000
    """How many requests may wait for the application at once; further ones get 503 with Retry-After."""

    max_connections: int | None = 10_000
    """How many connections may be open at once; above it the oldest idle or unfinished one is closed."""

    # Flow control ------------------------------------------------------------------------------------

    read_high_water: int = 64 * KIB
    """Reading pauses when the application has this much of a body left to take."""

    write_high_water: int = 64 * KIB
    """Writing pauses when the peer has this much of a response left to take; larger bodies are sliced."""

    # Deadlines ---------------------------------------------------------------------------------------

    header_timeout: float = 10.0
    """From accept (later: from a request's first byte) to the end of its head: 408."""

    body_timeout: float = 15.0
    """The longest silence within a request body that the application waits for: 408."""

    body_min_rate: int = 500
    """Bytes per second that a body must reach on average after its first ten seconds: 408."""

    write_timeout: float = 30.0
    """How long a peer may take nothing of a response before the connection is dropped."""

    keep_alive_timeout: float = 5.0
    """How long a connection may stay idle between two requests."""

    graceful_timeout: float = 30.0
    """On stop, how long requests under way may take before they are cut off."""

    # WebSocket ---------------------------------------------------------------------------------------

    ws_max_size: int = MIB
    """The largest incoming message: close code 1009."""

    ws_max_queue: int = 16
    """How many incoming messages wait for the application before reading pauses."""

    ws_ping_interval: float | None = 20.0
    """How often an open connection is pinged; None never."""

    ws_ping_timeout: float = 20.0
    """How long a pong may take: close code 1011."""

    ws_per_message_deflate: bool = True
    """Whether to agree to compression (RFC 7692)."""

    # Proxies -----------------------------------------------------------------------------------------

    proxy_headers: bool = False
    """Take the client's address and the scheme from X-Forwarded-For and X-Forwarded-Proto."""

    forwarded_allow_ips: str | Sequence[str] | None = None
    """Peers whose X-Forwarded headers count: addresses and networks, by commas or as a list; `*` is
    every peer. None is this machine alone."""

    # Logs --------------------------------------------------------------------------------------------

    access_log: bool = True
    """Log a line for each request."""

    log_level: LogLevel = "info"
    """The least severe messages to log."""

    server_header: bool = False
    """Send `server: pronghorn`."""

    # Processes ---------------------------------------------------------------------------------------

    workers: int = 1
    """How many processes serve the application."""

    reload: bool = False
    """Start again when a file changes: for development, one worker."""

    reload_dirs: Sequence[str] | None = None
    """The folders watched for `reload`; None is the current one."""

    def __post_init__(self) -> None:
        for name in _POSITIVE:
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ValueError(f"{name} is {value!r}: expected a number above 0")
        if not 0 <= self.port <= 65535:
            raise ValueError(f"port is {self.port!r}: expected 0 to 65535")
        if self.reload and self.workers > 1:
            raise ValueError(
                f"reload with {self.workers} workers: workers are for production, drop one of the two"
            )
        if self.uds is not None and self.fd is not None:
            raise ValueError(f"uds is {self.uds!r} and fd is {self.fd!r}: listen on one of them")
        if self.ssl_certfile is None and (self.ssl_keyfile or self.ssl_ca_certs):
            raise ValueError("ssl_keyfile or ssl_ca_certs without ssl_certfile: TLS needs a certificate")

    @property
    def scheme(self) -> str:
        """`https` with a certificate, else `http`."""
        return "http" if self.ssl_certfile is None else "https"

    def ssl_context(self) -> ssl.SSLContext | None:
        """What `asyncio` needs to speak TLS, or None without a certificate.

        Raises:
            OSError: a file cannot be read, or is not what its option says.
        """
        if self.ssl_certfile is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.ssl_certfile, self.ssl_keyfile, self.ssl_keyfile_password)
        if self.ssl_ca_certs is not None:
            context.load_verify_locations(self.ssl_ca_certs)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


_POSITIVE = (
    "backlog",
    "handshake_timeout",
    "max_head_size",
    "max_header_fields",
    "max_target_size",
    "max_pipelined",
    "max_active_requests",
    "max_connections",
    "read_high_water",
    "write_high_water",
    "header_timeout",
    "body_timeout",
    "write_timeout",
    "keep_alive_timeout",
    "graceful_timeout",
    "ws_max_size",
    "ws_max_queue",
    "ws_ping_interval",
    "ws_ping_timeout",
    "workers",
)
