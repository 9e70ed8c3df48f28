"""Form fields and files as hypothesis makes them up, and forms to be sent for them."""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote_plus

from hypothesis import strategies as st
from pydantic import BaseModel

from pronghorn import File, Form, UploadFile
from tests.differential.parameters import EMPTY, Colour, Declared


class Order(BaseModel):
    street: str
    number: int = 1
    tags: list[str] = []
    colour: Colour | None = None


class Closed(BaseModel):
    model_config = {"extra": "forbid"}

    street: str = "none"


FIELDS: tuple[tuple[Any, Any], ...] = (
    (str, "text"), (int, 3), (float | None, None), (bool, True), (Colour, Colour.red), (list[int], [1]),
    (list[str] | None, None), (set[str], {"a"}), (str | None, None), (Order, None), (bytes, b"b"), (Any, None),
)  # fmt: skip
FILES: tuple[tuple[Any, Any], ...] = (
    (UploadFile, EMPTY), (bytes, EMPTY), (UploadFile | None, None), (bytes | None, None),
    (list[UploadFile], EMPTY), (list[bytes], []), (list[UploadFile] | None, None),
)  # fmt: skip


@st.composite
def form_parameters(draw: st.DrawFn) -> list[Declared]:
    """Parameters that make up a form."""
    if draw(st.integers(0, 5)) == 0:
        model = draw(st.sampled_from([Order, Closed, Order | None]))
        return [
            Declared(
                "pf",
                "form",
                "street",
                Annotated[model, Form()],
                None if model == Order | None else EMPTY,
                "x",
            )
        ]
    return [draw(_form_parameter(number)) for number in range(draw(st.integers(1, 3)))]


@st.composite
def _form_parameter(draw: st.DrawFn, number: int) -> Declared:
    name = f"pf{number}"
    options: dict[str, Any] = {}
    match draw(st.integers(0, 7)):
        case 0:
            options["alias"] = f"{name}-x"
        case 1:
            options["validation_alias"] = "shared"
        case 2:
            options["description"] = "D"
    sent_as = options.get("alias", options.get("validation_alias", name))
    if draw(st.integers(0, 2)) == 0:
        annotation, default = draw(st.sampled_from(FILES))
        return Declared(name, "file", sent_as, Annotated[annotation, File(**options)], default, "content")
    annotation, default = draw(st.sampled_from(FIELDS))
    if draw(st.booleans()) and annotation is not Order:
        default = EMPTY
    fitting = {Colour: "red", Order: '{"street": "x"}'}.get(annotation, "1")
    return Declared(name, "form", sent_as, Annotated[annotation, Form(**options)], default, fitting)


@dataclass(frozen=True)
class Part:
    """One field of a form; a file where it has a file name."""

    name: str
    value: bytes
    file_name: str | None = None
    media_type: str | None = None


@st.composite
def parts(draw: st.DrawFn, declared: list[Declared]) -> list[Part]:
    """Fields of any kind, under the declared names and others."""
    names = st.sampled_from([*(one.sent_as for one in declared), "shared", "street", "unknown"])
    values = st.sampled_from(["", "x", "1", "-1", "true", "red", "é", "a b", "1.5", "[1]", "odd"])
    found: list[Part] = []
    for _ in range(draw(st.integers(0, 4))):
        file_name = draw(st.sampled_from([None, None, "f.txt", "", "é.bin", "a\\b"]))
        media_type = draw(st.sampled_from([None, "text/plain", "image/x"])) if file_name is not None else None
        found.append(Part(draw(names), draw(values).encode(), file_name, media_type))
    return found


def fitting_parts(declared: list[Declared]) -> list[Part]:
    """One field for every parameter."""
    return [
        Part(one.sent_as, one.fitting.encode(), "f.txt" if one.source == "file" else None, "text/plain")
        for one in declared
    ]


def urlencoded(fields: list[Part]) -> bytes:
    return "&".join(f"{quote_plus(one.name)}={quote_plus(one.value)}" for one in fields).encode()


def multipart(fields: list[Part]) -> bytes:
    """RFC 7578, with `line` for the boundary."""
    body = b""
    for one in fields:
        disposition = f'form-data; name="{one.name}"'
        if one.file_name is not None:
            disposition += f'; filename="{one.file_name}"'
        head = f"--line\r\nContent-Disposition: {disposition}\r\n"
        if one.media_type is not None and one.file_name is not None:
            head += f"Content-Type: {one.media_type}\r\n"
        body += head.encode() + b"\r\n" + one.value + b"\r\n"
    return body + b"--line--\r\n"


_URLENCODED = b"application/x-www-form-urlencoded"
_MULTIPART = b"multipart/form-data; boundary=line"


@st.composite
def fitting_forms(draw: st.DrawFn, declared: list[Declared]) -> tuple[bytes, bytes]:
    """A form that will do, and its content type."""
    fields = fitting_parts(declared)
    if draw(st.booleans()) or any(one.file_name is not None for one in fields):
        return multipart(fields), _MULTIPART
    return urlencoded(fields), _URLENCODED


@st.composite
def any_forms(draw: st.DrawFn, declared: list[Declared]) -> tuple[bytes, bytes | None]:
    """Any form, right or broken, and a content type that may be its own."""
    fields = draw(parts(declared))
    body, kind = draw(st.sampled_from([(multipart(fields), _MULTIPART), (urlencoded(fields), _URLENCODED)]))
    match draw(st.integers(0, 9)):
        case 0:
            return body[: len(body) // 2], kind
        case 1:
            return body, draw(
                st.sampled_from([b"multipart/form-data", b"application/json", b"text/plain", None])
            )
        case 2:
            return draw(st.sampled_from([b"", b"&&=", b"a=%zz&%ff=1", b"--line\r\n\r\n", b"\xff=\xfe"])), kind
    return body, kind
