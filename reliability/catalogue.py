"""All checks, in the order of the table in `docs/reliability.md`."""

from __future__ import annotations

from reliability import (
    aborts,
    complexity,
    disk,
    floods,
    fuzz,
    idle,
    lifecycle,
    longer,
    network,
    requests,
    slow,
    splits,
    websocket,
)
from reliability.check import Check

CHECKS: tuple[Check, ...] = (
    Check(1, "conformance", "HTTP/1.1 case by case", requests.conformance),
    Check(1, "autobahn", "WebSocket case by case", websocket.autobahn),
    Check(1, "deflate", "WebSocket compression case by case", websocket.autobahn_deflate, soak=True),
    Check(2, "invalid", "invalid requests", requests.invalid),
    Check(3, "slow", "clients that take their time", slow.slow_clients, soak=True),
    Check(4, "descriptors", "no file descriptor left", slow.descriptors, soak=True),
    Check(4, "half-open", "clients that sent FIN and stay", slow.half_open),
    Check(5, "floods", "100 MB of head, trailers, extensions", floods.floods),
    Check(6, "tiny-chunks", "2 MB in chunks of one byte", floods.tiny_chunks),
    Check(7, "pipeline", "pipelined requests, responses unread", floods.pipeline),
    Check(8, "idle", "10,000 idle connections", idle.idle, soak=True),
    Check(9, "slow-readers", "clients that take nothing of a response", idle.slow_readers, soak=True),
    Check(10, "aborts", "clients that leave in the middle", aborts.aborts),
    Check(11, "stop", "SIGTERM under load", lifecycle.stop),
    Check(11, "stop-long", "SIGTERM under load, 20 times", lifecycle.stop_long, soak=True),
    Check(12, "stalled-stop", "SIGTERM while a peer stalls", lifecycle.stalled_stop, soak=True),
    Check(13, "kill", "kill -9 of a worker under load", lifecycle.kill),
    Check(14, "replace", "reloading and recycling under load", lifecycle.replace),
    Check(15, "blocked", "an event loop that is blocked", lifecycle.blocked),
    Check(17, "network", "delays, splits, cuts, resets", network.bad_network, soak=True),
    Check(18, "disk", "uploads onto a full disk", disk.disk_full),
    Check(19, "leak", "10,000 requests of each kind", longer.leak_short),
    Check(19, "leak-long", "a million requests of each kind", longer.leak, soak=True),
    Check(20, "soak", "two hours", longer.soak, soak=True),
    Check(21, "fuzz", "mutated requests", fuzz.fuzz),
    Check(21, "fuzz-long", "100,000 mutated requests", fuzz.fuzz_long, soak=True),
    Check(22, "splits", "each valid request cut at every byte", splits.splits),
    Check(24, "complexity", "parsers at n, 2n, 4n", complexity.complexity),
    Check(25, "overload", "five times what it can do", longer.overload, soak=True),
)
