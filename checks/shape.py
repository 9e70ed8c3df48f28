"""The shape of the code: sizes, nesting, import cycles, repeated blocks.

Each rule is a function from parsed files to findings; `main` prints them all and fails when there is one.
The limits are those of the contributor's guide: they keep a file one idea and a function one screen.
"""

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import grimp

FILE_LINES = 500
FUNCTION_LINES = 60
NESTING = 3
REPEATED_LINES = 12

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("src", "tests", "checks", "bench", "examples", "typing_tests", "conformance", "reliability")

Function = ast.FunctionDef | ast.AsyncFunctionDef
BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)


@dataclass(frozen=True)
class Source:
    """One Python file, read and parsed once."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """The path as people write it."""
        return self.path.relative_to(ROOT).as_posix()


def read_sources(folders: Iterable[str] = FOLDERS) -> list[Source]:
    """Every Python file under `folders`, in a stable order."""
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return [Source(path, text, ast.parse(text)) for path in paths for text in [path.read_text("utf-8")]]


def docstring_lines(node: ast.Module | Function | ast.ClassDef) -> int:
    """How many lines the docstring of `node` takes."""
    first = node.body[0] if node.body else None
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    if first is None or not is_text or ast.get_docstring(node) is None:
        return 0
    return (first.end_lineno or first.lineno) - first.lineno + 1


def long_files(source: Source) -> Iterator[str]:
    """Files over the limit, docstrings and comments included."""
    lines = source.text.count("\n")
    if lines > FILE_LINES:
        yield f"{source.name}: {lines} lines, at most {FILE_LINES}: split it by idea"


def functions(tree: ast.Module) -> Iterator[Function]:
    """Every function and method of a file, nested ones included."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def long_functions(source: Source) -> Iterator[str]:
    """Functions over the limit; a docstring does not count, a nested function does."""
    for node in functions(source.tree):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1 - docstring_lines(node)
        if lines > FUNCTION_LINES:
            yield f"{source.name}:{node.lineno}: {node.name} has {lines} lines, at most {FUNCTION_LINES}"


def depth(statements: Iterable[ast.AST]) -> int:
    """How deep blocks nest; `elif` stays on its `if`'s level, a nested function starts afresh."""
    deepest = 0
    for node in statements:
        if isinstance(node, Function | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(node, ast.If):
            chained = len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)
            orelse = depth(node.orelse) if chained else 1 + depth(node.orelse)
            deepest = max(deepest, 1 + depth(node.body), orelse)
        else:
            deepest = max(deepest, isinstance(node, BLOCKS) + depth(ast.iter_child_nodes(node)))
    return deepest


def deep_functions(source: Source) -> Iterator[str]:
    """Functions whose blocks nest too deep to hold in the head.

    Tests may go one deeper: a client in a server within a time limit is how they begin.
    """
    limit = NESTING + source.name.startswith("tests/")
    for node in functions(source.tree):
        found = depth(node.body)
        if found > limit:
            yield f"{source.name}:{node.lineno}: {node.name} nests {found} deep, at most {limit}"


def is_export_list(node: ast.stmt) -> bool:
    """Whether a statement sets `__all__`: it repeats the imports above it by nature."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets)


def code_lines(source: Source) -> list[tuple[int, str]]:
    """Lines that carry code, numbered: no blank lines, comments, imports, docstrings or `__all__`."""
    skipped: set[int] = set()
    for node in ast.walk(source.tree):
        is_import = isinstance(node, ast.Import | ast.ImportFrom)
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.stmt) and (is_import or is_text or is_export_list(node)):
            skipped.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    numbered = enumerate((line.strip() for line in source.text.splitlines()), start=1)
    return [(n, line) for n, line in numbered if line and line[0] != "#" and n not in skipped]


def repeated_blocks(sources: Iterable[Source]) -> Iterator[str]:
    """Runs of code lines that stand in two places word for word."""
    first_seen: dict[tuple[str, ...], tuple[str, int]] = {}
    reported: set[tuple[str, int]] = set()
    for source in sources:
        lines = code_lines(source)
        for start in range(len(lines) - REPEATED_LINES + 1):
            window = lines[start : start + REPEATED_LINES]
            place = (source.name, window[0][0])
            known = first_seen.setdefault(tuple(text for _, text in window), place)
            continues = start > 0 and (source.name, lines[start - 1][0]) in reported
            if known == place:
                continue
            reported.add(place)
            if not continues:
                yield f"{source.name}:{place[1]}: {REPEATED_LINES} lines repeat {known[0]}:{known[1]}"


def may_not_repeat(source: Source) -> bool:
    """Whether its blocks count; the measured applications are one program in many dialects."""
    return not source.name.startswith("bench/applications/")


def import_cycles() -> Iterator[str]:
    """Modules of the package that import each other, imports inside functions and for types included."""
    graph = grimp.build_graph("pronghorn", include_external_packages=False, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    for group in strongly_connected(imports):
        if len(group) > 1:
            yield f"import cycle: {' <-> '.join(sorted(group))}"


def strongly_connected(imports: dict[str, set[str]]) -> list[set[str]]:
    """Groups of names that reach each other (Kosaraju: finish order, then the reversed graph)."""
    order = finish_order(imports)
    importers: dict[str, set[str]] = {name: set() for name in imports}
    for name, targets in imports.items():
        for target in targets:
            importers[target].add(name)
    groups: list[set[str]] = []
    grouped: set[str] = set()
    for name in reversed(order):
        group = reachable(name, importers, grouped)
        grouped |= group
        groups.append(group)
    return [group for group in groups if group]


def finish_order(edges: dict[str, set[str]]) -> list[str]:
    """Names in the order in which a depth-first walk leaves them."""
    order: list[str] = []
    seen: set[str] = set()
    for root in sorted(edges):
        stack = [(root, iter(sorted(edges[root])))] if root not in seen else []
        seen.add(root)
        while stack:
            name, targets = stack[-1]
            following = next((target for target in targets if target not in seen), None)
            if following is None:
                order.append(name)
                stack.pop()
            else:
                seen.add(following)
                stack.append((following, iter(sorted(edges[following]))))
    return order


def reachable(start: str, edges: dict[str, set[str]], closed: set[str]) -> set[str]:
    """What can be reached from `start` without entering `closed`."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in closed and name not in found:
            found.add(name)
            waiting.extend(edges[name])
    return found


def findings() -> Iterator[str]:
    """Everything that is out of shape."""
    sources = read_sources()
    for rule in (long_files, long_functions, deep_functions):
        for source in sources:
            yield from rule(source)
    for _, group in groupby(filter(may_not_repeat, sources), key=lambda source: source.name.split("/")[0]):
        yield from repeated_blocks(group)
    yield from import_cycles()


def main() -> int:
    """Print what is out of shape; 1 when there is any."""
    found = list(findings())
    for line in found:
        print(line)
    print(f"shape: {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
