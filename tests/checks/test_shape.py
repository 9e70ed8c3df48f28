"""The shape check finds what it promises to find."""

import ast
from pathlib import Path

from checks import shape


def source(text: str, name: str = "src/some.py") -> shape.Source:
    return shape.Source(shape.ROOT / Path(name), text, ast.parse(text))


def test_a_long_file_is_found() -> None:
    assert list(shape.long_files(source("x = 1\n" * shape.FILE_LINES))) == []
    assert len(list(shape.long_files(source("x = 1\n" * (shape.FILE_LINES + 1))))) == 1


def test_a_long_function_is_found_and_its_docstring_does_not_count() -> None:
    text = '    """' + "words\n    " * 80 + '"""\n'
    body = "    x = 1\n" * (shape.FUNCTION_LINES - 1)

    assert list(shape.long_functions(source("def f():\n" + text + body))) == []
    assert len(list(shape.long_functions(source("def f():\n" + body + "    y = 2\n")))) == 1


def test_elif_does_not_nest() -> None:
    chain = "if a:\n    pass\n" + "elif b:\n    pass\n" * 9

    assert shape.depth(ast.parse(chain).body) == 1


def test_blocks_nest_and_nested_functions_start_afresh() -> None:
    text = "for a in b:\n  with c:\n    try:\n      pass\n    finally:\n      if d:\n        pass\n"

    assert shape.depth(ast.parse(text).body) == 4
    assert shape.depth(ast.parse("if a:\n  def f():\n    if b:\n      pass\n").body) == 1


def test_a_repeated_block_is_reported_once() -> None:
    block = "".join(f"x{n} = {n}\n" for n in range(shape.REPEATED_LINES + 3))

    found = list(shape.repeated_blocks([source(block), source("# head\n\n" + block, "src/other.py")]))

    assert found == ["src/other.py:3: 12 lines repeat src/some.py:1"]


def test_imports_and_docstrings_are_no_repetition() -> None:
    head = '"""Words."""\n' + "".join(f"import m{n}\n" for n in range(20))

    assert list(shape.repeated_blocks([source(head), source(head, "src/other.py")])) == []


def test_names_that_reach_each_other_are_one_group() -> None:
    imports = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set[str](), "e": {"a"}}

    groups = [group for group in shape.strongly_connected(imports) if len(group) > 1]

    assert groups == [{"a", "b", "c"}]
