"""All checks, in the order of the table in `docs/reliability.md`."""

from __future__ import annotations

from reliability import aborts, complexity, floods, requests, splits
from reliability.check import Check

CHECKS: tuple[Check, ...] = (
    Check(1, "conformance", "HTTP/1.1 case by case", requests.conformance),
    Check(2, "invalid", "invalid requests", requests.invalid),
    Check(5, "floods", "100 MB of head, trailers, extensions", floods.floods),
    Check(6, "tiny-chunks", "2 MB in chunks of one byte", floods.tiny_chunks),
    Check(7, "pipeline", "pipelined requests, responses unread", floods.pipeline),
    Check(10, "aborts", "clients that leave in the middle", aborts.aborts),
    Check(22, "splits", "each valid request cut at every byte", splits.splits),
    Check(24, "complexity", "parsers at n, 2n, 4n", complexity.complexity),
)
