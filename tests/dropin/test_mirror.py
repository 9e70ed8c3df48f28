"""A module of `fastapi` is a live view of modules of ours."""

import typing
from collections.abc import Callable
from types import ModuleType
from unittest import mock

import pytest

import pronghorn
from pronghorn import routing
from tests.dropin.modules import imported

pytestmark = pytest.mark.usefixtures("installed")


def test_the_root_offers_pronghorns_objects() -> None:
    fastapi = imported("fastapi")
    assert fastapi.FastAPI is pronghorn.FastAPI
    assert fastapi.Depends is pronghorn.Depends
    assert fastapi.__version__ == "0.165.0"
    assert fastapi.__version__ != pronghorn.__version__


def test_submodules_are_attributes_without_being_imported() -> None:
    fastapi = imported("fastapi")
    assert fastapi.security.http is imported("fastapi.security.http")
    assert fastapi.dependencies.utils.get_dependant


def test_everything_public_comes_with_a_star() -> None:
    namespace: dict[str, object] = {}
    exec("from fastapi import *\nfrom fastapi.routing import *", namespace)
    assert namespace["FastAPI"] is pronghorn.FastAPI
    assert namespace["APIRoute"] is routing.APIRoute
    assert not [name for name in namespace if name.startswith("_") and name != "__builtins__"]


@pytest.mark.parametrize("name", ["no_such_name", "__wrapped__"])
def test_an_unknown_name_is_an_attribute_error_that_names_the_module(name: str) -> None:
    with pytest.raises(AttributeError, match=rf"module 'fastapi.routing' has no attribute '{name}'"):
        getattr(imported("fastapi.routing"), name)


def test_assigning_a_name_of_ours_changes_what_the_engine_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    replacement = object()
    with monkeypatch.context() as patched:
        patched.setattr(imported("fastapi.routing"), "run_endpoint_function", replacement)
        assert routing.run_endpoint_function is replacement
    assert routing.run_endpoint_function is not replacement


def test_mock_patches_and_restores() -> None:
    original = routing.serialize_response
    with mock.patch("fastapi.routing.serialize_response") as replacement:
        assert routing.serialize_response is replacement
    assert routing.serialize_response is original
    assert imported("fastapi.routing").serialize_response is original


def test_a_private_name_is_written_where_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    definitions = imported("pronghorn._schema.definitions")
    replacement = object()
    with monkeypatch.context() as patched:
        patched.setattr(imported("fastapi._compat"), "get_definitions", replacement)
        assert definitions.get_definitions is replacement
        assert imported("fastapi._compat.v2").get_definitions is replacement
    assert definitions.get_definitions is not replacement


def test_modules_of_other_projects_are_never_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    import starlette.status

    original = starlette.status.HTTP_200_OK
    status = imported("fastapi.status")
    status.HTTP_200_OK = 299
    assert status.HTTP_200_OK == 299
    assert starlette.status.HTTP_200_OK is original
    del status.HTTP_200_OK
    assert status.HTTP_200_OK is original


def test_a_new_name_stays_on_the_mirror() -> None:
    mirror = imported("fastapi.routing")
    mirror.added = 1
    assert "added" in dir(mirror)
    assert not hasattr(routing, "added")
    del mirror.added
    with pytest.raises(AttributeError):
        del mirror.added


def test_a_name_of_ours_can_be_deleted_and_put_back() -> None:
    mirror, original = imported("fastapi.routing"), routing.serialize_response
    del mirror.serialize_response
    assert not hasattr(routing, "serialize_response")
    routing.serialize_response = original


def test_the_namespace_shows_every_name() -> None:
    names = vars(imported("fastapi.routing"))
    assert names["APIRoute"] is routing.APIRoute
    assert names["__name__"] == "fastapi.routing"
    assert vars(imported("fastapi._compat"))["ModelField"]


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("fastapi.security.oauth2", "OAuth2PasswordRequestForm"),
        ("fastapi.openapi.models", "Operation"),
        ("fastapi.params", "Depends"),
        ("fastapi.routing", "RouteContext"),
    ],
)
def test_the_annotations_of_renamed_classes_still_resolve(module: str, name: str) -> None:
    found: Callable[..., object] = getattr(imported(module), name)
    assert found.__module__ == module
    typing.get_type_hints(found)
    typing.get_type_hints(found.__init__)


def test_mirrors_are_modules() -> None:
    assert isinstance(imported("fastapi.routing"), ModuleType)
