import linecache
import traceback

import pytest

from pronghorn._compile.codegen import SourceWriter


def test_a_function_is_compiled_from_its_lines() -> None:
    writer = SourceWriter()
    with writer.block("def double(number):"):
        with writer.block("if number is None:"):
            writer.line("return 0")
        writer.line(f"return number * {writer.bind('factor', 2)}")

    double, _ = writer.compile("double", "title")

    assert (double(4), double(None)) == (8, 0)
    assert (
        writer.source
        == "def double(number):\n    if number is None:\n        return 0\n    return number * factor\n"
    )


def test_the_source_is_shown_in_tracebacks() -> None:
    writer = SourceWriter()
    with writer.block("def fail():"):
        writer.line("raise ValueError('told')")
    fail, filename = writer.compile("fail", "GET /fail")

    with pytest.raises(ValueError, match="told") as caught:
        fail()

    assert "GET /fail" in filename
    assert linecache.getline(filename, 2) == "    raise ValueError('told')\n"
    assert "raise ValueError('told')" in "".join(traceback.format_exception(caught.value))


def test_every_compiled_source_has_a_name_of_its_own() -> None:
    writer = SourceWriter()
    writer.line("value = 1")

    assert writer.compile("value", "same")[1] != writer.compile("value", "same")[1]


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        ("call", "call"), ("<lambda>", "_lambda_"), ("1st", "_1st"), ("class", "_class"), ("list", "_list"), ("", "value"),
        ("x²", "x2"), ("ﬁ", "fi"), ("a.b", "a_b"), ("é", "é"), ("query", "_query"), ("r1", "_r1"),
    ],
)  # fmt: skip
def test_a_name_is_one_that_the_source_can_use(name: str, chosen: str) -> None:
    writer = SourceWriter(r"query|r\d+")

    assert writer.bind(name, object()) == chosen


def test_different_objects_have_different_names_and_the_same_has_the_same() -> None:
    writer = SourceWriter()
    first, second, third = object(), object(), object()

    assert [writer.bind("call", one) for one in (first, second, third, second, first)] == [
        "call", "call_2", "call_3", "call_2", "call",
    ]  # fmt: skip
    assert writer.namespace == {"call": first, "call_2": second, "call_3": third}
