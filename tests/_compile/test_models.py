from typing import Annotated, Any, Optional

import pytest
from pydantic import BaseModel, Json

from pronghorn._compile.models import flat_fields_from_params, is_json_field, model_type, param_model
from pronghorn._declare.params import Body, Cookie, Header, Path, Query
from pronghorn._schema.field import ModelField, create_model_field
from tests._compile.declared import field_of


class Page(BaseModel):
    limit: int = 10
    offset: int = 0


class Other(BaseModel):
    name: str


def field(annotation: Any, info: Any) -> ModelField:
    info.annotation = annotation
    return create_model_field(name="x", type_=annotation, field_info=info)


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (Page, Page),
        (Page | None, Page),
        (None | Page, Page),
        (Optional[Page], Page),
        (Page | Other, None),
        (Page | int, None),
        (Page | Other | None, None),
        (list[Page], None),
        (int, None),
    ],
)
def test_a_model_stands_alone_or_beside_none(annotation: Any, expected: Any) -> None:
    assert model_type(annotation) is expected


@pytest.mark.parametrize("info", [Query, Header, Cookie])
@pytest.mark.parametrize("annotation", [Page, Page | None])
def test_a_model_of_parameters_stands_for_its_fields(annotation: Any, info: Any) -> None:
    assert param_model(field(annotation, info())) is Page


def test_a_path_model_is_one_value_when_it_may_be_absent() -> None:
    assert param_model(field(Page, Path())) is Page
    assert param_model(field(Page | None, Path())) is None


@pytest.mark.parametrize("annotation", [int, list[int], dict[str, int]])
def test_other_parameters_stand_for_themselves(annotation: Any) -> None:
    assert param_model(field(annotation, Query())) is None


def test_a_model_as_json_text_is_one_value() -> None:
    as_json = field_of(Annotated[Json[Page], Query()])

    assert is_json_field(as_json)
    assert param_model(as_json) is None
    assert not is_json_field(field(Page, Query()))


def test_models_of_parameters_are_replaced_by_their_fields() -> None:
    single = field(int, Query())

    flat = flat_fields_from_params([single, field(Page, Query())])

    assert flat[0] is single
    assert [one.name for one in flat] == ["x", "limit", "offset"]


def test_a_body_model_is_a_group_too() -> None:
    assert param_model(field(Page, Body())) is Page
