from typing import Annotated

import pytest

from pronghorn import Body, FastAPI


@pytest.mark.filterwarnings("ignore:Duplicate Operation ID")
def test_bodies_of_one_name_are_told_apart_as_fastapi_does() -> None:
    app = FastAPI()

    @app.post("/first", operation_id="one")
    def first(a: Annotated[int, Body()], b: Annotated[int, Body()]) -> None: ...

    @app.post("/second", operation_id="one")
    def second(c: Annotated[str, Body()], d: Annotated[str, Body()]) -> None: ...

    names = [name for name in app.openapi()["components"]["schemas"] if "Body" in name]
    assert names == ["fastapi___compat__v2__Body_one__1", "fastapi___compat__v2__Body_one__2"]
