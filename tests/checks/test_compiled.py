"""Types for the compiled form say what the Python source has."""

import ast
import re

import pytest

from checks.compiled import SOURCES, is_compiled, typed_modules

FIELDS = re.compile(r"^    cdef (?:public|readonly) \w+ (.+)$", re.MULTILINE)
METHODS = re.compile(r"^    cpdef .*?(\w+)\(", re.MULTILINE)


def typed_classes(module: str) -> dict[str, str]:
    """Each compiled class of a module with what its types say."""
    text = (SOURCES / module.replace(".", "/")).with_suffix(".pxd").read_text("utf-8")
    parts = re.split(r"^cdef class (\w+).*:\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def class_of(module: str, name: str) -> ast.ClassDef:
    tree = ast.parse((SOURCES / module.replace(".", "/")).with_suffix(".py").read_text("utf-8"))
    (found,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name]
    return found


def own_attributes(node: ast.ClassDef) -> set[str]:
    """What the objects of a class have: its slots, or what its methods set."""
    for statement in node.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__slots__":
            return set(ast.literal_eval(statement.value))
    return {
        one.attr
        for one in ast.walk(node)
        if isinstance(one, ast.Attribute)
        and isinstance(one.ctx, ast.Store)
        and ast.unparse(one.value) == "self"
    }


CLASSES = [(module, name) for module in typed_modules() for name in typed_classes(module)]


@pytest.mark.parametrize(("module", "name"), CLASSES)
def test_fields_are_the_attributes(module: str, name: str) -> None:
    typed = typed_classes(module)[name]
    fields = {field for line in FIELDS.findall(typed) for field in line.split(", ")}
    attributes = own_attributes(class_of(module, name))
    if name in ("Exchange", "HttpExchange"):  # these have a `__dict__` for the rest
        assert fields - attributes <= {"headers", "query", "raw_path", "root_path"}
    else:
        assert attributes == fields


@pytest.mark.parametrize(("module", "name"), CLASSES)
def test_typed_methods_are_there(module: str, name: str) -> None:
    methods = {one.name for one in class_of(module, name).body if isinstance(one, ast.FunctionDef)}
    assert set(METHODS.findall(typed_classes(module)[name])) <= methods


def test_a_python_module_is_not_taken_for_a_compiled_one() -> None:
    assert not is_compiled("checks.compiled")
