"""Classes and functions go by FastAPI's module names while the drop-in is installed."""

import pickle

import pytest

import pronghorn
from pronghorn import dropin, routing
from pronghorn.dropin.identity import DEFINED_IN
from tests.dropin.modules import imported


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("module", DEFINED_IN)
def test_public_objects_name_the_module_that_fastapi_defines_them_in(module: str) -> None:
    mirror = imported(module)
    found = {name: getattr(mirror, name, None) for name in DEFINED_IN[module].split()}
    # Pickle finds an object by its own name, so one that has another name with us keeps its module.
    named = {
        name: value.__module__ for name, value in found.items() if getattr(value, "__name__", "") == name
    }
    assert {name: place for name, place in named.items() if place != module} == {}


@pytest.mark.usefixtures("installed")
def test_importing_the_root_is_enough() -> None:
    imported("fastapi")
    assert pronghorn.APIRouter.__module__ == "fastapi.routing"
    assert pronghorn.HTTPException.__module__ == "fastapi.exceptions"


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
    dropin.uninstall()
    assert routing.APIRoute.__module__ == before
    assert before.startswith("pronghorn.")
