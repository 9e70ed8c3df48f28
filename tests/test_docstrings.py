"""The examples in docstrings run."""

import doctest
import pkgutil
from importlib import import_module

import pytest

import pronghorn

# Modules of these packages are examined; the command line is tried by its own tests.
EXAMINED = ("_base", "_schema", "_declare", "_routing", "_compile", "_engine", "_openapi", "_app")
FACADES = [
    f"pronghorn.{info.name}"
    for info in pkgutil.iter_modules(pronghorn.__path__)
    if not info.ispkg and not info.name.startswith("_")
]
MODULES = FACADES + [
    info.name
    for package in EXAMINED
    for info in pkgutil.walk_packages(import_module(f"pronghorn.{package}").__path__, f"pronghorn.{package}.")
    if not info.ispkg
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(name: str) -> None:
    results = doctest.testmod(import_module(name), optionflags=doctest.ELLIPSIS)

    assert results.failed == 0, f"run `python -m doctest -v` on {name}"
