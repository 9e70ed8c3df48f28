import warnings
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, ForwardRef, Generic, List, Optional, TypeVar, Union

import pytest
from pydantic import BaseModel, Json
from pydantic._internal import _typing_extra
from starlette.datastructures import UploadFile

from pronghorn._schema import annotations

with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)
    from pydantic import v1

T = TypeVar("T")


class Book(BaseModel):
    title: str


class Page(BaseModel, Generic[T]):
    items: list[T]


class OldBook(v1.BaseModel):
    title: str


@dataclass
class Shelf:
    number: int


class Custom(Generic[T]):
    """A type that tells pydantic itself how it is validated."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return handler(str)


class Color(Enum):
    red = "r"


SEQUENCES = [
    list,
    list[int],
    List[Book],
    tuple[int, ...],
    set[str],
    frozenset[int],
    deque[int],
    Sequence[int],
]
SCALARS = [
    int,
    str,
    bytes,
    None,
    Any,
    Color,
    int | None,
    Optional[str],
    Union[int, str],
    Annotated[int, "x"],
    ...,
]


@pytest.mark.parametrize(
    "annotation", [*SEQUENCES, Annotated[list[int], "x"], list[int] | None, int | list[int]]
)
def test_sequences_are_found_in_unions_and_annotated(annotation: Any) -> None:
    assert annotations.is_sequence(annotation)


@pytest.mark.parametrize(
    "annotation", [int, str, bytes, dict[str, int], Book, int | str, Annotated[str, "x"]]
)
def test_text_mappings_and_models_are_no_sequences(annotation: Any) -> None:
    assert not annotations.is_sequence(annotation)


@pytest.mark.parametrize("annotation", SCALARS)
def test_a_scalar_has_no_parts(annotation: Any) -> None:
    assert annotations.is_scalar(annotation)


@pytest.mark.parametrize(
    "annotation",
    [
        Book,
        Page[int],
        dict,
        Mapping[str, int],
        UploadFile,
        Shelf,
        list[int],
        Book | None,
        Annotated[Book, "x"],
        Custom[int],
    ],
)
def test_what_has_parts_is_complex(annotation: Any) -> None:
    assert annotations.is_complex(annotation)
    assert not annotations.is_scalar(annotation)


@pytest.mark.parametrize(
    "annotation",
    [list[int], list[int] | None, Annotated[list[str], "x"], list[int] | int, list, Sequence[str]],
)
def test_a_sequence_of_scalars_may_stand_in_a_union_with_scalars(annotation: Any) -> None:
    assert annotations.is_scalar_sequence(annotation)


@pytest.mark.parametrize(
    "annotation", [int, int | str, list[Book], list[int] | Book, list[Book] | None, dict[str, int]]
)
def test_models_make_no_scalar_sequence(annotation: Any) -> None:
    assert not annotations.is_scalar_sequence(annotation)


@pytest.mark.parametrize(
    ("value", "expected"),
    [([1], True), ((), True), (deque(), True), ("text", False), (b"text", False), (1, False)],
)
def test_values_that_are_sequences(value: Any, expected: bool) -> None:
    assert annotations.value_is_sequence(value) is expected


@pytest.mark.parametrize(
    ("annotation", "one", "many"),
    [
        (bytes, True, False),
        (bytes | None, True, False),
        (list[bytes], False, True),
        (list[bytes] | None, False, True),
        (list[bytes | None], False, True),
        (str, False, False),
        (list[str], False, False),
        (list[str] | None, False, False),
    ],
)
def test_bytes_and_sequences_of_bytes(annotation: Any, one: bool, many: bool) -> None:
    assert (annotations.is_bytes(annotation), annotations.is_bytes_sequence(annotation)) == (one, many)


@pytest.mark.parametrize(
    ("annotation", "one", "many"),
    [
        (UploadFile, True, False),
        (UploadFile | None, True, False),
        (list[UploadFile], False, True),
        (list[UploadFile] | None, False, True),
        (bytes, False, False),
        (list[bytes], False, False),
    ],
)
def test_uploads_and_sequences_of_uploads(annotation: Any, one: bool, many: bool) -> None:
    found = (annotations.is_upload_file(annotation), annotations.is_upload_file_sequence(annotation))

    assert found == (one, many)


@pytest.mark.parametrize(
    "annotation", [OldBook, list[OldBook], OldBook | None, list[OldBook | None], list[list[OldBook]]]
)
def test_models_of_pydantic_1_are_found(annotation: Any) -> None:
    assert annotations.is_pydantic_v1(annotation)


@pytest.mark.parametrize("annotation", [Book, list[Book], int, None, "Book", Json[list[int]]])
def test_other_types_are_no_models_of_pydantic_1(annotation: Any) -> None:
    assert not annotations.is_pydantic_v1(annotation)


def test_instances_of_models_of_pydantic_1() -> None:
    assert annotations.is_pydantic_v1_instance(OldBook(title="Emma"))
    assert not annotations.is_pydantic_v1_instance(Book(title="Emma"))


@pytest.mark.parametrize("annotation", [list[int], int | None, "int", 5])
def test_what_is_no_class_is_no_subclass(annotation: Any) -> None:
    assert not annotations.lenient_issubclass(annotation, int)


def test_a_class_is_compared_with_one_or_several() -> None:
    assert annotations.lenient_issubclass(bool, int)
    assert annotations.lenient_issubclass(bool, (str, int))


def test_a_comparison_with_no_class_is_an_error() -> None:
    with pytest.raises(TypeError):
        annotations.lenient_issubclass(int, "int")


def test_a_reference_is_evaluated_if_its_names_are_known() -> None:
    assert annotations.evaluate_forward_ref(ForwardRef("Book"), {"Book": Book}) is Book
    unknown = ForwardRef("Missing")
    assert annotations.evaluate_forward_ref(unknown, {}, {}) is unknown


def test_references_are_evaluated_by_older_pydantic_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def eval_type_lenient(value: Any, globalns: Any, localns: Any) -> Any:
        return eval(value.__forward_arg__, globalns, localns)

    monkeypatch.delattr(_typing_extra, "try_eval_type")
    monkeypatch.setattr(_typing_extra, "eval_type_lenient", eval_type_lenient, raising=False)

    assert annotations.evaluate_forward_ref(ForwardRef("Book"), {"Book": Book}) is Book
