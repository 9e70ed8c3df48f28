from pathlib import Path

from conformance.typing_comparison import EXPLAINED, difference, tutorials

TUTORIAL = """\
import fastapi.routing
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from fastapi_filter import Filter

def late():
    from fastapi import Query

app = FastAPI(title="from fastapi")
"""


def test_only_the_imports_are_rewritten(tmp_path: Path) -> None:
    source = tmp_path / "source" / "docs_src" / "first"
    source.mkdir(parents=True)
    (source / "tutorial001.py").write_text(TUTORIAL)

    theirs, ours = tutorials(tmp_path / "source", tmp_path)

    assert (theirs / "docs_src/first/tutorial001.py").read_text() == TUTORIAL
    assert (ours / "docs_src/first/tutorial001.py").read_text().splitlines() == [
        "import pronghorn.routing",
        "from pronghorn import FastAPI",
        "from pronghorn.responses import JSONResponse",
        "from fastapi_filter import Filter",
        "",
        "def late():",
        "    from pronghorn import Query",
        "",
        'app = FastAPI(title="from fastapi")',
    ]


def test_lines_count_that_the_other_does_not_report() -> None:
    ours = {("a.py", 1): ["wrong", "also wrong"], ("b.py", 2): ["other words"]}
    theirs = {("b.py", 2): ["words"], ("c.py", 3): ["theirs"]}

    assert list(difference(ours, theirs)) == ["a.py:1: wrong | also wrong"]
    assert list(difference(theirs, ours)) == ["c.py:3: theirs"]


def test_a_line_that_is_explained_tells_why() -> None:
    place, reason = next(iter(EXPLAINED.items()))

    (line,) = difference({place: ["wrong"]}, {})

    assert line.endswith(f"wrong (explained: {reason})")
