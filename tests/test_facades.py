"""The façades give the objects they are for, not copies."""

import subprocess
import sys
from importlib import import_module
from typing import Any

import pytest
import starlette.background
import starlette.requests
import starlette.responses
import starlette.staticfiles
import starlette.status
import starlette.templating
import starlette.testclient
import starlette.websockets
from starlette.exceptions import StarletteDeprecationWarning

from pronghorn import encoders, responses, status, utils
from pronghorn._declare import params


@pytest.mark.parametrize(
    ("facade", "origin"),
    [
        ("requests", starlette.requests),
        ("websockets", starlette.websockets),
        ("staticfiles", starlette.staticfiles),
        ("templating", starlette.templating),
        ("testclient", starlette.testclient),
    ],
)
def test_values_are_starlettes(facade: str, origin: Any) -> None:
    module = import_module(f"pronghorn.{facade}")

    assert [getattr(module, name) for name in module.__all__] == [
        getattr(origin, name) for name in module.__all__
    ]


@pytest.mark.parametrize(
    "name", ["Response", "JSONResponse", "HTMLResponse", "FileResponse", "StreamingResponse"]
)
def test_response_classes_are_starlettes(name: str) -> None:
    assert getattr(responses, name) is getattr(starlette.responses, name)


def test_former_status_names_warn_as_starlettes_do() -> None:
    with pytest.warns(StarletteDeprecationWarning, match="HTTP_422_UNPROCESSABLE_CONTENT"):
        assert status.__getattr__("HTTP_422_UNPROCESSABLE_ENTITY") == 422


def test_the_encoder_is_the_schema_layers() -> None:
    from pronghorn._schema.encoder import jsonable_encoder

    assert encoders.jsonable_encoder is jsonable_encoder


def test_markers_are_the_declarations() -> None:
    from pronghorn import params as facade

    assert facade.Query is params.Query


def test_bodies_are_allowed_by_status() -> None:
    assert utils.is_body_allowed_for_status_code("2XX")
    assert not utils.is_body_allowed_for_status_code(304)


def test_the_first_value_that_is_no_default_counts() -> None:
    from pronghorn.datastructures import Default

    assert utils.get_value_or_default(Default(1), 2) == 2


def test_json_libraries_and_test_clients_are_not_loaded_by_the_response_classes() -> None:
    program = (
        "import sys, pronghorn.responses, pronghorn.params, pronghorn.param_functions, pronghorn.datastructures;"
        "print([name for name in ('orjson', 'ujson', 'httpx', 'httpx2', 'jinja2', 'opentelemetry.sdk')"
        " if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
