"""Multipart forms come out as Starlette reads them, whatever they are and wherever they are cut."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from tempfile import SpooledTemporaryFile
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette import formparsers
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from pronghorn._engine import forms
from pronghorn._engine.forms import read_form

TYPE = b"multipart/form-data; boundary=edge"
FIELD = b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
FILE = b'--edge\r\nContent-Disposition: form-data; name="f"; filename="n"\r\nContent-Type: text/x\r\n\r\n'
END = b"\r\n--edge--\r\n"


def request_of(*pieces: bytes, content_type: bytes = TYPE, ends: bool = True, app: bool = True) -> Request:
    """A request whose body arrives in pieces."""
    messages = iter(pieces)
    left = len(pieces)

    async def receive() -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": next(messages), "more_body": left > 0 or not ends}

    scope: dict[str, Any] = {"type": "http", "headers": [(b"content-type", content_type)]}
    return Request({**scope, "app": None} if app else scope, receive)


async def contents(form: FormData) -> list[Any]:
    """What a form consists of; closes its files."""
    items: list[Any] = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            file: Any = value.file
            described = (value.filename, value.size, value.headers.raw, file.tell(), file._rolled)
            items.append((name, described, await value.read()))
        else:
            items.append((name, value))
    await form.close()
    return items


async def outcome(read: Callable[[], Awaitable[FormData]]) -> Any:
    try:
        return await contents(await read())
    except HTTPException as error:
        return (error.status_code, error.detail)
    except ClientDisconnect:
        return "disconnected"


PIECES = [
    FIELD,
    FILE,
    END,
    b"\r\n",
    b"\r",
    b"--",
    b"\r\n--edge",
    b"\r\n--edgy",
    b"--edge",
    b"x" * 30,
    b"\r\n\r\n",
    b"Content-Disposition: form-data\r\n",
]

bodies = st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=3)), max_size=12).map(b"".join)
whole_forms = st.lists(
    st.tuples(st.sampled_from([FIELD, FILE]), bodies, st.just(b"\r\n")).map(b"".join), max_size=4
).map(lambda parts: b"".join(parts) + END[2:])


# A part that never ends has a file that is in no form: it is closed when it is let go of, as by Starlette.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning")
@settings(max_examples=400, deadline=None)
@given(
    body=st.one_of(bodies, whole_forms),
    cuts=st.lists(st.integers(0, 1000), max_size=5),
    ends=st.booleans(),
    limits=st.fixed_dictionaries(
        {}, optional={"max_files": st.integers(0, 2), "max_fields": st.integers(0, 2)}
    ),
    enough=st.sampled_from([0, 10, 1000]),
    in_memory=st.sampled_from([0, 1, 20, 1000]),
)
def test_forms_come_out_as_starlette_reads_them(
    body: bytes, cuts: list[int], ends: bool, limits: dict[str, Any], enough: int, in_memory: int
) -> None:
    places = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
    pieces = [body[start:end] for start, end in itertools.pairwise(places)] or [b""]

    async def both() -> None:
        theirs, ours = request_of(*pieces, ends=ends), request_of(*pieces, ends=ends)
        expected = await outcome(lambda: theirs.form(max_part_size=100, **limits))
        assert expected == await outcome(lambda: read_form(ours, max_part_size=100, **limits))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forms, "_ENOUGH", enough)
        patch.setattr(formparsers.MultiPartParser, "spool_max_size", in_memory)
        anyio.run(both)


@pytest.mark.anyio
async def test_every_place_of_a_cut_gives_the_same_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formparsers.MultiPartParser, "spool_max_size", 20)
    body = FIELD + b"one\r\n" + FILE + b"two \r\n--edgy" * 3 + b"\r\n" + FILE + b"short" + END
    expected = await outcome(request_of(body).form)
    for place in range(len(body) + 1):
        request = request_of(body[:place], body[place:])
        assert expected == await outcome(lambda request=request: read_form(request))  # type: ignore[misc]


@pytest.mark.anyio
async def test_a_form_is_kept_where_the_request_looks_for_it() -> None:
    request = request_of(FIELD + b"one" + END)
    form = await read_form(request)
    assert form is await request.form() is await read_form(request)


class Own(Request):
    async def _get_form(self, **limits: Any) -> FormData:
        return FormData([("own", "form")])


@pytest.mark.anyio
async def test_a_request_that_reads_forms_its_own_way_is_asked() -> None:
    request = request_of(FIELD + b"one" + END)
    assert (await read_form(Own(request.scope, request.receive)))["own"] == "form"


@pytest.mark.anyio
async def test_another_parser_in_the_place_of_starlettes_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    class Parser(formparsers.MultiPartParser):
        async def parse(self) -> FormData:
            return FormData([("other", "parser")])

    monkeypatch.setattr("starlette.requests.MultiPartParser", Parser)
    assert (await read_form(request_of(FIELD + b"one" + END)))["other"] == "parser"
    monkeypatch.undo()
    monkeypatch.setattr(formparsers.MultiPartParser, "on_end", lambda self: None)
    assert (await read_form(request_of(FIELD + b"one" + END)))["a"] == "one"


@pytest.mark.anyio
async def test_other_forms_are_left_to_the_request() -> None:
    kind = b"application/x-www-form-urlencoded"
    assert (await read_form(request_of(b"a=one", content_type=kind)))["a"] == "one"


@pytest.mark.anyio
async def test_outside_of_an_application_a_bad_form_is_the_callers_to_answer() -> None:
    with pytest.raises(formparsers.MultiPartException):
        await read_form(request_of(b"no form", app=False))


@pytest.mark.anyio
async def test_files_of_a_form_that_ends_early_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []

    class Noting(SpooledTemporaryFile[bytes]):
        def close(self) -> None:
            closed.append("closed")
            super().close()

    monkeypatch.setattr(formparsers, "SpooledTemporaryFile", Noting)
    with pytest.raises(ClientDisconnect):
        await read_form(request_of(FILE + b"two", ends=False))
    assert closed == ["closed"]
