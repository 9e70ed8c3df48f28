"""Every test and check that the threat model names exists."""

from __future__ import annotations

import ast
import re

import pytest

from reliability.catalogue import CHECKS
from tests.docs.test_examples import ROOT

PAGE = (ROOT / "docs" / "threat-model.md").read_text("utf-8")
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)?)`", PAGE)))
NAMED = sorted(set(re.findall(r"check `([\w-]+)`", PAGE)))


@pytest.mark.parametrize("name", TESTS)
def test_a_named_test_exists(name: str) -> None:
    file, _, function = name.partition("::")
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    functions = {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert not function or function in functions


@pytest.mark.parametrize("name", NAMED)
def test_a_named_check_exists(name: str) -> None:
    assert name in {check.name for check in CHECKS}


def test_there_is_something_to_look_for() -> None:
    assert len(TESTS) > 30
    assert len(NAMED) > 10
