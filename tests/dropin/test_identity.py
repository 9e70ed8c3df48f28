"""Classes and functions go by FastAPI's module names while the drop-in is installed."""

import pickle
from typing import Any

import pytest

import pronghorn
from pronghorn import dropin, routing
from pronghorn.dropin.identity import DEFINED_IN
from tests.dropin.modules import imported


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("module", DEFINED_IN)
def test_public_objects_go_by_the_names_that_fastapi_gives_them(module: str) -> None:
    mirror = imported(module)
    found: dict[str, Any] = {name: getattr(mirror, name, None) for name in DEFINED_IN[module].split()}
    named = {name: value for name, value in found.items() if hasattr(value, "__name__")}
    assert {
        name: (value.__module__, value.__name__, value.__qualname__) for name, value in named.items()
    } == {name: (module, name, name) for name in named}


@pytest.mark.usefixtures("installed")
def test_importing_the_root_is_enough() -> None:
    imported("fastapi")
    assert pronghorn.APIRouter.__module__ == "fastapi.routing"
    assert pronghorn.HTTPException.__module__ == "fastapi.exceptions"


@pytest.mark.usefixtures("installed")
def test_an_application_is_told_by_the_name_of_its_class() -> None:
    app = imported("fastapi").FastAPI()
    assert f"{type(app).__module__}.{type(app).__name__}" == "fastapi.applications.FastAPI"
    assert pickle.loads(pickle.dumps(type(app))) is pronghorn.Pronghorn


@pytest.mark.usefixtures("installed")
def test_pickles_written_before_and_after_can_be_read() -> None:
    before = pickle.dumps(routing.APIRoute)
    imported("fastapi")
    after = pickle.dumps(routing.APIRoute)
    assert b"fastapi.routing" in after
    assert pickle.loads(before) is pickle.loads(after) is routing.APIRoute


def test_uninstalling_gives_the_true_modules_back() -> None:
    before = routing.APIRoute.__module__
    dropin.install(child_processes=False)
    imported("fastapi")
    assert repr(pronghorn.FastAPI) == "<class 'fastapi.applications.FastAPI'>"
    dropin.uninstall()
    assert routing.APIRoute.__module__ == before
    assert before.startswith("pronghorn.")
    assert repr(pronghorn.FastAPI) == "<class 'pronghorn._app.application.Pronghorn'>"
