import ast
from pathlib import Path

import pytest

from pronghorn.cli.discovery import Target
from pronghorn.cli.glance import plain_name, with_plain_name

PRONGHORN, EITHER = {"pronghorn"}, {"pronghorn", "fastapi"}


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("from pronghorn import Pronghorn\napp = Pronghorn()", "app"),
        ("from pronghorn import FastAPI as F\nother = F()\napi: F = F(title='x')\n", "api"),
        ("from pronghorn import FastAPI\napi = FastAPI()\napp = FastAPI()\napp.state.x = 1\n", "app"),
        ("from pronghorn import FastAPI\ndef main(app: FastAPI) -> None: ...\napp = FastAPI()\n", "app"),
        ("from pronghorn import FastAPI\ndef make() -> FastAPI:\n    app = FastAPI()\napp = make()\n", "app"),
        (
            "from pronghorn import FastAPI\nf = lambda: (app := 1)\nclass A:\n    app = 1\napp = FastAPI()",
            "app",
        ),
    ],
)
def test_a_name_that_can_be_no_other_is_told(source: str, name: str) -> None:
    assert plain_name(ast.parse(source), PRONGHORN) == name


@pytest.mark.parametrize(
    "source",
    [
        "",
        "app = FastAPI()",
        "from pronghorn import FastAPI\nshop = FastAPI()",
        "from fastapi import FastAPI\napp = FastAPI()",
        "from .pronghorn import FastAPI\napp = FastAPI()",
        "from pronghorn import FastAPI\napp = make()",
        "from pronghorn import FastAPI\ndef make(): ...\napp = make()",
        "from pronghorn import FastAPI\nasync def make() -> FastAPI: ...\napp = make()",
        "from pronghorn import FastAPI\n@wrap\ndef make() -> FastAPI: ...\napp = make()",
        "from pronghorn import FastAPI\napp = FastAPI()\nmatch app.state:\n    case {'a': 1, **app}: ...",
        "from pronghorn import FastAPI\napp = FastAPI()\nmatch app.state:\n    case [*app]: ...",
        "from pronghorn import FastAPI\napp = FastAPI()\n[app := 1 for _ in ()]",
        "from pronghorn import FastAPI\napp = FastAPI().other",
        "from pronghorn import FastAPI\nif True:\n    app = FastAPI()",
        "from pronghorn import FastAPI\napp = FastAPI()\napp = wrap(app)",
        "from pronghorn import FastAPI\napi = FastAPI()\napp = make(api)",
        "from pronghorn import FastAPI\napp = FastAPI()\nfrom shop import app",
        "from pronghorn import FastAPI\napp = FastAPI()\nimport app.parts",
        "from pronghorn import FastAPI\napp = FastAPI()\nfrom shop import *",
        "from pronghorn import FastAPI\napp = FastAPI()\ndel app",
        "from pronghorn import FastAPI\napp = FastAPI()\ndef app(): ...",
        "from pronghorn import FastAPI\napp = FastAPI()\ndef f():\n    global app\n    app = 1",
        "from pronghorn import FastAPI\napp = FastAPI()\ntry: ...\nexcept Exception as app: ...",
        "from pronghorn import FastAPI\nclass FastAPI: ...\napp = FastAPI()",
        "from pronghorn import FastAPI\napp, api = FastAPI(), 1",
        "from pronghorn import FastAPI\napp: FastAPI",
    ],
)
def test_where_there_is_doubt_nothing_is_told(source: str) -> None:
    assert plain_name(ast.parse(source), PRONGHORN) is None


def test_the_drop_in_makes_applications_of_fastapi_ours() -> None:
    assert plain_name(ast.parse("from fastapi import FastAPI\napp = FastAPI()"), EITHER) == "app"


def test_modules_and_packages_are_looked_at(tmp_path: Path) -> None:
    source = "from pronghorn import FastAPI\napp = FastAPI()\n"
    (tmp_path / "one.py").write_text(source)
    (tmp_path / "shop" / "api").mkdir(parents=True)
    (tmp_path / "shop" / "api" / "__init__.py").write_text(source)

    for module in ("one", "shop.api"):
        assert with_plain_name(Target(module, tmp_path), drop_in=False).app_name == "app"


@pytest.mark.parametrize("content", [b"app = (", b"\xff", b"app = 1\0"])
def test_what_cannot_be_read_is_left_to_importing_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "main.py").write_bytes(content)

    for module in ("main", "missing"):
        assert with_plain_name(Target(module, tmp_path), drop_in=False) == Target(module, tmp_path)
