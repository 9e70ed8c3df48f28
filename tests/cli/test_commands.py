"""The commands that inspect an application, and how all of them fail."""

import json
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.cli.conftest import SHOP, Invoke, WriteModule


def test_the_version_is_told(invoke: Invoke) -> None:
    assert invoke("--version").output == f"pronghorn {version('pronghorn')}\n"


def test_without_a_command_the_help_is_shown(invoke: Invoke) -> None:
    output = invoke().output
    assert all(command in output for command in ("dev", "run", "routes", "explain", "openapi"))


def test_each_option_has_its_own_default_in_dev_and_run(invoke: Invoke) -> None:
    assert "Default: 127.0.0.1." in invoke("dev", "--help").output
    assert "Default: 0.0.0.0." in invoke("run", "--help").output


def test_routes_are_listed_with_endpoint_dependencies_and_way(invoke: Invoke, module: WriteModule) -> None:
    name = module()
    output = invoke("routes", f"{name}.py").output
    assert f"{name}:app" in output
    line = next(line for line in output.splitlines() if "/items/{item_id}" in line)
    assert "GET" in line
    assert "read_item" in line
    assert "limit" in line
    assert f"{name}.py:12" in output
    assert "thread" in next(line for line in output.splitlines() if "POST" in line)


def test_explain_shows_the_plan_and_its_source(invoke: Invoke, module: WriteModule) -> None:
    output = invoke("explain", "get", "/items/{item_id}", "--app", f"{module()}:app").output
    assert "read_item" in output
    assert "def " in output


def test_explain_takes_the_path_of_a_request(invoke: Invoke, module: WriteModule) -> None:
    result = invoke("explain", "GET", "/items/3", "--path", f"{module()}.py")
    assert result.exit_code == 0
    assert "read_item" in result.output


def test_explaining_what_is_not_there_lists_what_is(invoke: Invoke, module: WriteModule) -> None:
    result = invoke("explain", "PUT", "/nothing", "--app", f"{module()}:app")
    assert result.exit_code == 1
    assert "No path operation answers PUT /nothing" in result.output
    assert "POST /items" in result.output


def test_openapi_is_printed_or_written(invoke: Invoke, module: WriteModule, tmp_path: Path) -> None:
    name = module()
    printed = json.loads(invoke("openapi", f"{name}.py").stdout)
    assert printed["info"]["title"] == "Shop"
    assert invoke("openapi", f"{name}.py", "--output", "api.json", "--indent", "0").stdout == ""
    written = (tmp_path / "api.json").read_text()
    assert json.loads(written) == printed
    assert written.count("\n") == 1


@pytest.mark.parametrize("command", ["routes", "openapi"])
def test_problems_go_to_standard_error_with_exit_code_1(
    invoke: Invoke, module: WriteModule, command: str
) -> None:
    result = invoke(command, f"{module('import nowhere_at_all')}.py")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "error ModuleNotFoundError: No module named 'nowhere_at_all'" in result.stderr
    assert ".py:1" in result.stderr
    assert "fix   " in result.stderr
    assert "Traceback" not in result.stderr


def test_the_traceback_is_shown_when_asked_for(invoke: Invoke, module: WriteModule) -> None:
    result = invoke("routes", f"{module('1 / 0')}.py", "--traceback")
    assert "Traceback" in result.stderr
    assert "error ZeroDivisionError: division by zero" in result.stderr


def test_a_wrong_declaration_names_file_line_and_parameter(invoke: Invoke, module: WriteModule) -> None:
    wrong = SHOP + '\n\n@app.get("/odd/{key}")\ndef odd(key: dict[str, int]) -> None: ...\n'
    result = invoke("routes", f"{module(wrong, 'odd_shop')}.py")
    assert result.exit_code == 1
    assert "odd_shop.py:22" in result.stderr
    assert "'key'" in result.stderr


def test_the_application_of_another_name_is_found(invoke: Invoke, module: WriteModule) -> None:
    name = module(SHOP.replace("app", "shop"))
    assert f"{name}:shop" in invoke("routes", f"{name}.py").output


def test_an_attribute_path_leads_to_the_application(invoke: Invoke, module: WriteModule) -> None:
    name = module(SHOP + "\nclass holder:\n    inner = app\n")
    assert invoke("routes", f"{name}:holder.inner").exit_code == 0


@pytest.mark.parametrize(
    ("source", "arguments", "message", "fix"),
    [
        (SHOP, ["--app", "other"], "Could not find app name other", "applications found there: app"),
        (SHOP, ["--app", "limit"], "doesn't seem to be a FastAPI app", "applications found there: app"),
        ("x = 1\n", [], "Could not find FastAPI app in module", "app = FastAPI()"),
    ],
)
def test_a_missing_application_is_told_with_candidates(
    invoke: Invoke, module: WriteModule, source: str, arguments: list[str], message: str, fix: str
) -> None:
    result = invoke("routes", f"{module(source)}.py", *arguments)
    assert result.exit_code == 1
    assert message in result.stderr
    assert fix in result.stderr


@pytest.mark.parametrize("arguments", [[], ["--app", "app"]])
def test_an_application_of_the_real_fastapi_asks_for_drop_in(
    invoke: Invoke, module: WriteModule, arguments: list[str]
) -> None:
    source = "from starlette.applications import Starlette\n"
    source += "class FastAPI(Starlette): __module__ = 'fastapi.applications'\napp = FastAPI()\n"
    result = invoke("routes", f"{module(source)}.py", *arguments)
    assert "add --drop-in" in result.stderr


def test_drop_in_runs_an_unchanged_fastapi_application(invoke: Invoke, module: WriteModule) -> None:
    name = module(SHOP.replace("pronghorn", "fastapi"))
    assert "--drop-in" in invoke("routes", f"{name}.py").stderr
    assert "read_item" in invoke("routes", "--drop-in", f"{name}.py").output


def test_explaining_without_a_path_asks_for_it(invoke: Invoke) -> None:
    result = invoke("explain", "GET")
    assert result.exit_code == 2
    assert "Missing argument 'PATH'" in result.output
