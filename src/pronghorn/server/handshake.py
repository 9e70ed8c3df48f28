"""The opening handshake of a WebSocket, and turning it down.

Lives here: what RFC 6455 section 4 asks of the request, the 101 and other responses. Must not live here:
frames, I/O. Invariant: the fields of an application pass the one place where heads are written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

from pronghorn.server.config import ServerConfig
from pronghorn.server.heads import Heads, status_line

RawHeaders = Iterable[tuple[bytes, bytes]]

_RELEVANT = (b"host", b"upgrade", b"connection", b"origin")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_OWN = frozenset({b"upgrade", b"connection", b"sec-websocket-accept", b"sec-websocket-extensions"})


class _Protocol(ServerProtocol):
    """Takes a close frame for the end, also within a message (RFC 6455 section 5.4)."""

    def recv_frame(self, frame: Frame) -> None:
        """Process a frame; see `Protocol.recv_frame`."""
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None  # the message it cuts short is not waited for
        super().recv_frame(frame)


def new_protocol(config: ServerConfig, logger: Any) -> ServerProtocol:
    """The sans-I/O protocol of one connection, before its handshake."""
    # 12 bits of window: 32 KiB a connection instead of 256 KiB, for little less compression. PERF: level 3 takes
    # 65 % of the time of level 6 for 128 KiB of JSON and a third for 1 KiB, and is 8 % longer.
    extension = ServerPerMessageDeflateFactory(
        server_max_window_bits=12, client_max_window_bits=12, compress_settings={"level": 3, "memLevel": 5}
    )
    return _Protocol(
        extensions=[extension] if config.ws_per_message_deflate else None,
        max_size=config.ws_max_size,
        logger=logger,
    )


def answer_request(
    protocol: ServerProtocol, headers: list[tuple[bytes, bytes]], allowed_origins: str | Sequence[str] | None
) -> Response:
    """What RFC 6455 answers to the handshake: 101, or why not."""
    if is_from_elsewhere(headers, allowed_origins):
        return protocol.reject(
            HTTPStatus.FORBIDDEN, "a page of another origin asks: see `ws_allowed_origins`\n"
        )
    versions = [value for name, value in headers if name == b"sec-websocket-version"]
    if versions != [b"13"] and versions:
        # RFC 6455 section 4.4.
        response = protocol.reject(HTTPStatus.UPGRADE_REQUIRED, "the WebSocket version must be 13\n")
        response.headers["Sec-WebSocket-Version"] = "13"
        return response
    fields = [
        b"%b: %b\r\n" % (name, value)
        for name, value in headers
        if name in _RELEVANT or name.startswith(b"sec-websocket-")
    ]
    protocol.receive_data(b"GET / HTTP/1.1\r\n%b\r\n" % b"".join(fields))
    request = protocol.events_received()[0]
    assert isinstance(request, Request)
    return protocol.accept(request)


def is_from_elsewhere(headers: RawHeaders, allowed: str | Sequence[str] | None) -> bool:
    """Whether a page of another origin asks (CWE-1385): browsers send cookies along, whoever asks.

    Without an Origin it is no browser. An origin is ours when its authority is that of Host; the scheme is
    not compared, since a proxy that ends TLS need not tell.

    Args:
        headers: of the request.
        allowed: further origins, `https://a.example`, by commas or as a sequence; `*` is every one.
    """
    values = {name: value for name, value in headers if name in (b"origin", b"host")}
    if b"origin" not in values:
        return False
    listed = (allowed.split(",") if isinstance(allowed, str) else allowed) or ()
    names = {name.strip().lower().rstrip("/") for name in listed}
    origin = values[b"origin"].decode("latin-1").lower()
    if "*" in names or origin in names:
        return False
    scheme, _, authority = origin.partition("://")
    host = values.get(b"host", b"").decode("latin-1").lower()
    port = _DEFAULT_PORTS.get(scheme)
    return port is None or authority.removesuffix(port) != host.removesuffix(port)


def refused(heads: Heads, response: Response) -> bytes:
    """A whole response that turns the handshake down before the application hears of it."""
    status = response.status_code
    fields = [
        (name.lower().encode(), value.encode())
        for name, value in response.headers.raw_items()
        if name.lower() != "date"
    ]
    lines = heads.lines(fields)
    return b"%b%b%b\r\n%b" % (status_line(status), lines, heads.dated, bytes(response.body or b""))


def accepted_head(heads: Heads, response: Response, subprotocol: str | None, headers: RawHeaders) -> bytes:
    """The head of a 101 response.

    Raises:
        ValueError: a field of the application is not valid HTTP.
    """
    fields = [(name.lower().encode(), value.encode()) for name, value in response.headers.raw_items()]
    lines = [field for field in fields if field[0] in _OWN]
    if subprotocol is not None:
        lines.append((b"sec-websocket-protocol", subprotocol.encode()))
    lines += [(name.lower(), value) for name, value in headers if name.lower() not in _OWN]
    return b"%b%b%b\r\n" % (status_line(101), heads.lines(lines), heads.dated)


def subprotocols_of(headers: RawHeaders) -> list[str]:
    """The subprotocols that the client offers, in its order."""
    offered = b",".join(value for name, value in headers if name == b"sec-websocket-protocol")
    return [name.strip() for name in offered.decode("latin-1").split(",") if name.strip()]
