"""Which name a module gives its application, told from its source: so that nobody has to import it to ask.

Must not live here: importing anything of the user's. Invariant: a name is told only where the module cannot mean
another; everything else is left to importing it.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from pronghorn.cli.discovery import PREFERRED_NAMES, Target

_CLASSES = frozenset({"FastAPI", "Pronghorn"})


def with_plain_name(target: Target, *, drop_in: bool) -> Target:
    """`target` with the name of its application, if the source of its module leaves no doubt about it.

    Args:
        target: what a command is about.
        drop_in: whether `fastapi` is this package.
    """
    path = target.search_path.joinpath(*target.module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, ValueError, SyntaxError):  # importing it tells what is wrong
        return target
    name = plain_name(tree, {"pronghorn", "fastapi"} if drop_in else {"pronghorn"})
    return target if name is None else replace(target, app_name=name)


def plain_name(tree: ast.Module, packages: set[str]) -> str | None:
    """The name under which a module makes its application, None where it might be another.

    Args:
        tree: the module.
        packages: where the classes of applications are imported from.
    """
    bound = Counter(_bound_names(tree))
    if "*" in bound:
        return None
    classes = {name for name in _imported_classes(tree, packages) if bound[name] == 1}
    makers = classes | {name for name in _functions_for(tree, classes) if bound[name] == 1}
    for name in PREFERRED_NAMES:
        if bound[name]:
            return name if bound[name] == 1 and name in _made_by(tree, makers) else None
    return None


def _bound_names(tree: ast.Module) -> Iterator[str]:
    """The names of the module that something in it binds; once for each time."""
    nodes: list[ast.AST] = [tree]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield from _global_names(node)
            continue  # what else is bound in there is not the module's
        nodes += ast.iter_child_nodes(node)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0]
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.rest


def _global_names(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Global):
            yield from inner.names


def _imported_classes(tree: ast.Module, packages: set[str]) -> Iterator[str]:
    """What the module's first level calls the classes of applications."""
    imports = (node for node in tree.body if isinstance(node, ast.ImportFrom) and not node.level)
    for node in imports:
        if node.module in packages:
            yield from (alias.asname or alias.name for alias in node.names if alias.name in _CLASSES)


def _functions_for(tree: ast.Module, classes: set[str]) -> Iterator[str]:
    """Functions of the module that say that they return an application."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.decorator_list and _is_one(node.returns, classes):
            yield node.name


def _made_by(tree: ast.Module, makers: set[str]) -> Iterator[str]:
    """Names that the module's first level gives to what a call of one of `makers` gives."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target: ast.expr = node.targets[0]
        elif isinstance(node, ast.AnnAssign):
            target = node.target
        else:
            continue
        call = node.value
        if isinstance(target, ast.Name) and isinstance(call, ast.Call) and _is_one(call.func, makers):
            yield target.id


def _is_one(expression: ast.expr | None, names: set[str]) -> bool:
    return isinstance(expression, ast.Name) and expression.id in names
