"""The runner of documentation examples believes nothing that it has not run."""

from pathlib import Path

import pytest

from checks.examples import ExampleError, blocks_of, commands_of, matches, run_page


def page(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "page.md"
    file.write_text(text)
    return file


def test_blocks_are_found_with_title_and_line() -> None:
    found = list(blocks_of('words\n\n```python title="a.py"\nx = 1\n```\n'))

    assert [(b.language, b.title, b.runs, b.text, b.line) for b in found] == [
        ("python", "a.py", True, "x = 1\n", 3)
    ]


def test_a_comment_above_a_fence_makes_an_exception() -> None:
    text = "<!-- no-{}: a reason -->\n```python\nx\n```\n"

    assert [(b.runs, b.imports, b.line) for b in blocks_of(text.format("run"))] == [(False, True, 2)]
    assert [(b.runs, b.imports, b.line) for b in blocks_of(text.format("import"))] == [(True, False, 2)]


def test_an_indented_block_is_dedented() -> None:
    assert [b.text for b in blocks_of("- item\n\n    ```python\n    if x:\n        y\n    ```\n")] == [
        "if x:\n    y\n"
    ]


def test_blocks_share_the_namespace_of_the_page(tmp_path: Path) -> None:
    assert run_page(page(tmp_path, "```python\nx = 1\n```\n\n```python\nassert x == 1\n```\n")) == 2


def test_a_failing_statement_fails_the_page(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        run_page(page(tmp_path, "```python\n1 / 0\n```\n"))


def test_output_that_differs_from_what_is_shown_fails_the_page(tmp_path: Path) -> None:
    run_page(page(tmp_path, "```python\n>>> 1 + 1\n2\n\n```\n"))
    with pytest.raises(ExampleError, match="Expected"):
        run_page(page(tmp_path, "```python\n>>> 1 + 1\n3\n\n```\n"))


def test_commands_are_run_and_their_output_compared(tmp_path: Path) -> None:
    run_page(page(tmp_path, "```console\n$ cat nothing\n$ python -c 'print(42)'\n42\n```\n"))
    with pytest.raises(ExampleError, match="the page shows"):
        run_page(page(tmp_path, "```console\n$ python -c 'print(42)'\n43\n```\n"))


def test_a_command_that_fails_fails_the_page(tmp_path: Path) -> None:
    with pytest.raises(ExampleError, match="status 3"):
        run_page(page(tmp_path, "```console\n$ python -c 'exit(3)'\n```\n"))


def test_console_output_belongs_to_the_command_above_it() -> None:
    assert list(commands_of("$ a\none\ntwo\n$ b\n")) == [("a", "one\ntwo"), ("b", "")]


def test_dots_stand_for_anything() -> None:
    assert matches("start ... end", "start and\nthen end  ")
    assert not matches("start ... end", "start and then")
