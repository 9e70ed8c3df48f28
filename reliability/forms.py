"""What the parsers of forms make of bytes, without a server around them."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Coroutine
from typing import Any

from python_multipart.exceptions import FormParserError
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser

VAST = 2**31
_IN_PARTS = Headers({"content-type": "multipart/form-data; boundary=b"})

logging.getLogger("python_multipart").setLevel(logging.ERROR)  # it warns of every malformed form

Items = list[tuple[str, object]]


def run_at_once(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that never waits.

    Raises:
        RuntimeError: it does.
    """
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise RuntimeError("the parser waited for something")


async def _stream(*pieces: bytes) -> AsyncGenerator[bytes, None]:
    for piece in pieces:
        yield piece


def parse_fields(*pieces: bytes) -> FormData:
    """A form of the ordinary kind, that arrives in `pieces`."""
    form: FormData = run_at_once(FormParser(Headers({}), _stream(*pieces, b""), max_fields=VAST).parse())
    return form


def parse_parts(*pieces: bytes) -> FormData:
    """A form in parts, between which the boundary is `b`."""
    limits = {"max_fields": VAST, "max_files": VAST, "max_part_size": VAST}
    form: FormData = run_at_once(MultiPartParser(_IN_PARTS, _stream(*pieces), **limits).parse())
    return form


def fields_of(*pieces: bytes) -> Items | None:
    """The fields of a form; None where it is none."""
    try:
        return list(parse_fields(*pieces).multi_items())
    except (MultiPartException, FormParserError):
        return None


def parts_of(*pieces: bytes) -> Items | None:
    """The fields and files of a form in parts; None where it is none."""
    try:
        form = parse_parts(*pieces)
    except (MultiPartException, FormParserError):
        return None
    return [(name, _contents(value)) for name, value in form.multi_items()]


def _contents(value: UploadFile | str) -> object:
    if isinstance(value, str):
        return value
    with value.file as file:
        file.seek(0)
        return value.filename, value.headers.raw, file.read()
