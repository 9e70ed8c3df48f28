"""Everything about the native server that can be chosen, in one frozen record.

Lives here: the options, their defaults and what they mean; the command line, the supervisor and the
workers all read this one record, and the page "Server options" is made from it. Must not live here:
anything that acts on an option, how values are read (`options`), where they come from (`sources`).
Invariant: a `ServerConfig` that exists is valid; a wrong value is refused where it was written.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pronghorn.server.options import option, options_of

if TYPE_CHECKING:
    import ssl

LoopName = Literal["auto", "uvloop", "asyncio"]
LogLevel = Literal["critical", "error", "warning", "info", "debug"]
LogFormat = Literal["text", "json"]

KIB = 1024
MIB = 1024 * KIB


def processors() -> int:
    """How many processors this process may use: what `workers` means by `auto`."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServerConfig:
    """The native server's options. Times are seconds, sizes are bytes.

    Example:
        >>> ServerConfig(port=9000, access_log=False).port
        9000

    Raises:
        ValueError: an option has a value that cannot work.
    """

    host: str = option(
        "127.0.0.1",
        "The address to listen on: `127.0.0.1` for this machine alone, `0.0.0.0` for every IPv4 address, `::` for every IPv6 one. `pronghorn run` listens on `0.0.0.0`.",
        begins="Where to listen",
    )
    port: int = option(8000, "The TCP port; 0 takes a free one.", variables=("PORT",), least=0, most=65535)
    uds: str | None = option(None, "Listen on this Unix socket instead of an address.")
    uds_mode: int = option(0o660, "The permissions of the Unix socket.", unit="octal", least=0, most=0o777)
    fd: int | None = option(
        None,
        "Listen on this inherited socket (its file descriptor) instead of an address. A socket of systemd (`LISTEN_FDS`) needs no option.",
        least=0,
    )
    backlog: int = option(2048, "How many connections the kernel holds until they are accepted.")

    ssl_certfile: str | None = option(
        None, "The certificate chain (PEM). With it the server speaks TLS 1.2 or newer.", begins="TLS"
    )
    ssl_keyfile: str | None = option(
        None, "The private key (PEM), where it is not in the file of the certificate."
    )
    ssl_keyfile_password: str | None = option(None, "The password of the private key.", shown=False)
    ssl_ca_certs: str | None = option(
        None, "Ask for client certificates, which must be signed by one of these authorities (PEM)."
    )
    handshake_timeout: float = option(10.0, "How long a TLS handshake may take.", unit="s")

    root_path: str = option(
        "",
        "The path under which a proxy shows the application to the world (ASGI `root_path`).",
        begins="The application",
    )
    lifespan: Literal["auto", "on", "off"] = option(
        "auto",
        "Whether to run the ASGI lifespan protocol; `auto` goes on without it when the application has none.",
    )
    loop: LoopName = option("auto", "The event loop; `auto` is uvloop where it is installed.")

    max_head_size: int = option(
        32 * KIB,
        "The largest request line and header fields together; beyond it 431.",
        unit="bytes",
        begins="Requests",
    )
    max_header_fields: int = option(100, "The largest number of header fields; beyond it 431.")
    max_target_size: int = option(8 * KIB, "The longest request target; beyond it 414.", unit="bytes")
    max_body_size: int | None = option(
        MIB,
        "The largest request body where the application sets no `max_body_size` of its own; beyond it 413. Off with `--drop-in`.",
        unit="bytes",
        least=0,
    )
    max_pipelined: int = option(
        8, "How many requests are parsed behind the one being answered, before reading pauses."
    )
    max_active_requests: int | None = option(
        1000, "How many requests may wait for the application at once; beyond it 503 with `Retry-After`."
    )
    max_connections: int | None = option(
        10_000,
        "How many connections may be open at once; beyond it the oldest idle or unfinished one is closed. Fewer where the system allows fewer file descriptors.",
    )

    cancel_on_disconnect: bool = option(
        True,
        "Cancel a handler whose client has gone before the response began, unless it is `uninterrupted` or waits for that itself. Off with `--drop-in`.",
    )

    read_high_water: int = option(
        64 * KIB,
        "Reading pauses when the application has this much of a body left to take.",
        unit="bytes",
        begins="Flow control",
    )
    write_high_water: int = option(
        64 * KIB,
        "Writing pauses when the peer has this much of a response left to take; larger bodies are sliced.",
        unit="bytes",
    )

    header_timeout: float = option(
        10.0,
        "From accept, later from a request's first byte, to the end of its head; beyond it 408.",
        unit="s",
        begins="Deadlines",
    )
    body_timeout: float = option(
        15.0,
        "The longest silence within a request body that the application waits for; beyond it 408.",
        unit="s",
    )
    body_min_rate: int = option(
        500,
        "What a request body must reach on average after its first ten seconds; below it 408.",
        unit="bytes/s",
        least=0,
    )
    write_timeout: float = option(
        30.0, "How long a peer may take nothing of a response before the connection is dropped.", unit="s"
    )
    keep_alive_timeout: float = option(
        5.0,
        "How long a connection may stay idle between two requests. 75 where flags or settings tell of a proxy: the proxy should be the one that closes.",
        unit="s",
    )
    graceful_timeout: float = option(
        30.0, "On stop, how long requests under way may take before they are cut off.", unit="s", least=0
    )

    ws_max_size: int = option(
        MIB, "The largest incoming message; beyond it close code 1009.", unit="bytes", begins="WebSocket"
    )
    ws_max_queue: int = option(
        16,
        "How many incoming messages, or `ws_max_size` bytes of them, wait for the application before reading pauses.",
    )
    ws_ping_interval: float | None = option(20.0, "How often an open connection is pinged.", unit="s")
    ws_ping_timeout: float = option(20.0, "How long a pong may take; beyond it close code 1011.", unit="s")
    ws_allowed_origins: str | Sequence[str] | None = option(
        None,
        "Origins whose pages may open WebSockets (`https://a.example`), separated by commas, beside pages of the host that was asked; `*` is every origin, which `--drop-in` sets.",
    )
    ws_per_message_deflate: bool = option(True, "Whether to agree to compression (RFC 7692).")

    proxy_headers: bool = option(
        False,
        "Take the client's address and the scheme from `X-Forwarded-For` and `X-Forwarded-Proto`. On with `--drop-in`.",
        begins="Proxies",
    )
    forwarded_fields: Literal["x-forwarded", "forwarded"] = option(
        "x-forwarded",
        "Which fields the proxy sets: `X-Forwarded-*`, or `Forwarded` (RFC 7239). The others are the client's own and say nothing.",
    )
    forwarded_allow_ips: str | Sequence[str] | None = option(
        None,
        "Peers whose X-Forwarded headers count: addresses and networks, separated by commas; `*` is every peer. Without it this machine alone; with it `proxy_headers` is on.",
        variables=("FORWARDED_ALLOW_IPS",),
    )

    access_log: bool = option(True, "Log a line for each request.", begins="Logs")
    access_log_format: LogFormat = option("text", "How the access log is written.")
    access_log_sample: float = option(
        1.0,
        "The share of requests in the access log, of those that were answered with a status below 400.",
        least=0,
        most=1,
    )
    access_log_errors: int | None = option(
        100,
        "How many lines a second the access log has for requests answered with 400 or above, in each process; further ones are counted.",
        least=0,
    )
    log_level: LogLevel = option("info", "The least severe messages to log.")
    server_header: bool = option(False, "Send `server: pronghorn`.")

    workers: int = option(
        1,
        "How many processes serve the application; `auto` is one for each processor.",
        variables=("WEB_CONCURRENCY",),
        begins="Processes",
        auto=processors,
    )
    supervise: bool = option(
        True,
        "Serve from processes that are replaced when they end, hang or are to be recycled, also where it is only one.",
    )
    max_requests: int | None = option(None, "Replace a worker after so many requests.")
    max_rss: int | None = option(None, "Replace a worker that uses so much memory.", unit="bytes")
    recycle_jitter: float = option(
        0.1,
        "By which share at most a worker is replaced earlier than `max_requests` and `max_rss` say, so that not all are at once.",
        least=0,
        most=1,
    )
    heartbeat_timeout: float | None = option(
        30.0,
        "How long a worker's event loop may be blocked; then its stack is logged and it is replaced. Off with `pronghorn dev`.",
        unit="s",
    )
    ready_file: str | None = option(
        None,
        "A file that exists while the server is ready: from when all workers serve until none does, or the server stops.",
    )

    reload: bool = option(False, "Start again when a file changes; with one worker.", begins="Development")
    reload_dirs: Sequence[str] | None = option(
        None,
        "The folders watched for changes (the flag may be repeated); without it the current one.",
        flag="--reload-dir",
    )
    block_warning: float | None = option(
        None,
        "Warn when the event loop is blocked for so long, and tell by which line. 0.1 with `pronghorn dev`.",
        unit="s",
    )

    def __post_init__(self) -> None:
        for known in options_of(type(self)):
            value = getattr(self, known.name)
            if not known.allows(value):
                raise ValueError(f"{known.name} is {value!r}: expected {known.expected}")
        if self.reload and self.workers > 1:
            raise ValueError(
                f"reload with {self.workers} workers: workers are for production, drop one of the two"
            )
        if self.uds is not None and self.fd is not None:
            raise ValueError(f"uds is {self.uds!r} and fd is {self.fd!r}: listen on one of them")
        if self.ssl_certfile is None and (self.ssl_keyfile or self.ssl_ca_certs):
            raise ValueError("ssl_keyfile or ssl_ca_certs without ssl_certfile: TLS needs a certificate")

        if (self.max_requests or self.max_rss) and not self.needs_supervisor:
            raise ValueError(
                "max_requests or max_rss without supervise: somebody has to start the next process"
            )

    @property
    def needs_supervisor(self) -> bool:
        """Whether the application is served by processes that another one keeps."""
        return self.supervise or self.workers > 1 or self.reload

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
        import ssl  # not for the command line and the supervisor, which read this record and speak no TLS

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.ssl_certfile, self.ssl_keyfile, self.ssl_keyfile_password)
        if self.ssl_ca_certs is not None:
            context.load_verify_locations(self.ssl_ca_certs)
            context.verify_mode = ssl.CERT_REQUIRED
        return context
