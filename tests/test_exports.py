"""The public surface is a pinned list: a name appears or goes only with a change to public_names.py."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

import pytest
import starlette.status

import pronghorn
from tests.public_names import FASTAPI, OURS

# Importing Starlette's WSGI middleware warns that it will go; whoever imports ours shall see that too.
pytestmark = pytest.mark.filterwarnings("ignore:starlette.middleware.wsgi is deprecated")

MODULES = sorted({*FASTAPI, *OURS})
# Façades whose content is not a list of names of ours.
UNLISTED = {"status"}
# Packages above the façades; they have surfaces of their own.
ABOVE = {"adapters", "server", "batteries", "cli", "testing", "dropin", "__main__"}


def names_of(table: dict[str, str], module: str) -> set[str]:
    return set(table.get(module, "").split())


def full_name(module: str) -> str:
    return f"pronghorn.{module}".removesuffix(".")


def public_modules(package_path: list[str], prefix: str = "") -> Iterator[str]:
    """Every module below the package that has no underscore in front."""
    for info in pkgutil.iter_modules(package_path):
        if info.name.startswith("_") or prefix + info.name in ABOVE:
            continue
        yield prefix + info.name
        if info.ispkg:
            package = import_module(f"pronghorn.{prefix}{info.name}")
            yield from public_modules(list(package.__path__), f"{prefix}{info.name}.")


@pytest.mark.parametrize("module", MODULES)
def test_all_is_the_pinned_list(module: str) -> None:
    exported = import_module(full_name(module)).__all__

    assert sorted(exported) == sorted(names_of(FASTAPI, module) | names_of(OURS, module))


@pytest.mark.parametrize("module", MODULES)
def test_every_pinned_name_is_there(module: str) -> None:
    loaded = import_module(full_name(module))

    missing = {name for name in loaded.__all__ if not hasattr(loaded, name)}
    assert missing == set()


def test_every_public_module_is_pinned() -> None:
    unpinned = set(public_modules(list(pronghorn.__path__))) - set(MODULES) - UNLISTED

    assert unpinned - {module.split(".")[0] for module in MODULES} == set()


def test_status_holds_the_status_codes() -> None:
    from pronghorn import status

    codes = {name: getattr(starlette.status, name) for name in starlette.status.__all__}
    assert {name: getattr(status, name) for name in codes} == codes


def test_one_class_has_two_names() -> None:
    assert pronghorn.FastAPI is pronghorn.Pronghorn


def test_the_package_offers_its_names_to_completion() -> None:
    assert set(pronghorn.__all__) <= set(dir(pronghorn))
