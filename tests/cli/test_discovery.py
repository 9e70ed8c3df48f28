"""Which application the arguments of a command mean."""

from pathlib import Path

import pytest

from pronghorn.cli.discovery import (
    DEFAULT_PATHS,
    Target,
    applications_in,
    choose_app,
    configured_entrypoint,
    default_path,
    find_target,
    module_of,
    similar,
)
from pronghorn.cli.problems import Problem


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", DEFAULT_PATHS)
def test_each_usual_file_is_found_when_it_is_the_only_one(tmp_path: Path, name: str) -> None:
    write(tmp_path / name)
    assert default_path(tmp_path) == name


def test_the_first_usual_file_wins(tmp_path: Path) -> None:
    for name in reversed(DEFAULT_PATHS):
        write(tmp_path / name)
    assert default_path(tmp_path) == "main.py"


def test_no_usual_file_is_a_problem_that_lists_them(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="Could not find a default file to run") as caught:
        default_path(tmp_path)
    assert "app/api.py" in str(caught.value.fix)


def test_a_file_outside_packages_is_a_top_level_module(tmp_path: Path) -> None:
    assert module_of(write(tmp_path / "shop.py")) == ("shop", tmp_path)


def test_a_file_in_nested_packages_gets_the_dotted_name(tmp_path: Path) -> None:
    write(tmp_path / "shop" / "__init__.py")
    write(tmp_path / "shop" / "api" / "__init__.py")
    assert module_of(write(tmp_path / "shop" / "api" / "web.py")) == ("shop.api.web", tmp_path)


def test_a_package_is_named_by_its_folder_or_its_init_file(tmp_path: Path) -> None:
    init = write(tmp_path / "shop" / "__init__.py")
    assert module_of(init) == module_of(init.parent) == ("shop", tmp_path)


def test_tool_pronghorn_wins_over_tool_fastapi(tmp_path: Path) -> None:
    text = '[tool.fastapi]\nentrypoint = "theirs:app"\n[tool.pronghorn]\nentrypoint = "ours:app"\n'
    assert configured_entrypoint(write(tmp_path / "pyproject.toml", text)) == "ours:app"


def test_tool_fastapi_is_honoured(tmp_path: Path) -> None:
    text = '[tool.pronghorn]\nother = 1\n[tool.fastapi]\nentrypoint = "theirs:app"\n'
    assert configured_entrypoint(write(tmp_path / "pyproject.toml", text)) == "theirs:app"


def test_no_project_file_or_no_entry_means_no_entrypoint(tmp_path: Path) -> None:
    assert configured_entrypoint(tmp_path / "pyproject.toml") is None
    assert configured_entrypoint(write(tmp_path / "pyproject.toml", "[project]\n")) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [("[tool.fastapi]\nentrypoint = 3\n", "expected a text"), ("[tool\n", "Invalid configuration")],
)
def test_a_wrong_project_file_is_a_problem_that_names_it(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(Problem, match=message) as caught:
        configured_entrypoint(write(tmp_path / "pyproject.toml", text))
    assert "pyproject.toml" in str(caught.value.where)


def test_a_path_and_a_name_make_the_target(tmp_path: Path) -> None:
    write(tmp_path / "shop.py")
    assert find_target(tmp_path, "shop.py", "web") == Target("shop", tmp_path, "web")


def test_a_path_wins_over_the_configured_entrypoint(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", '[tool.pronghorn]\nentrypoint = "other:app"\n')
    write(tmp_path / "shop.py")
    assert find_target(tmp_path, "shop.py").module == "shop"


def test_a_name_alone_searches_the_usual_file(tmp_path: Path) -> None:
    write(tmp_path / "app" / "main.py")
    assert find_target(tmp_path, app_name="web") == Target("main", tmp_path / "app", "web")


def test_an_import_string_may_stand_for_the_path(tmp_path: Path) -> None:
    assert find_target(tmp_path, "shop.web:api").import_string == "shop.web:api"
    assert find_target(tmp_path, "shop.web:api", "app").import_string == "shop.web:app"


def test_an_import_string_may_stand_for_the_name(tmp_path: Path) -> None:
    assert find_target(tmp_path, app_name="shop.web:api").import_string == "shop.web:api"


def test_the_entrypoint_option_wins_over_the_configured_one(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", '[tool.pronghorn]\nentrypoint = "other:app"\n')
    assert find_target(tmp_path, entrypoint="shop:app").import_string == "shop:app"
    assert find_target(tmp_path).import_string == "other:app"


def test_without_anything_the_usual_file_is_taken(tmp_path: Path) -> None:
    write(tmp_path / "api.py")
    found = find_target(tmp_path)
    assert (found.module, found.app_name, found.found_by) == ("api", None, "looking at the usual places")


def test_an_entrypoint_beside_a_path_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="Cannot use --entrypoint together with path"):
        find_target(tmp_path, "shop.py", entrypoint="shop:app")


@pytest.mark.parametrize("entrypoint", ["shop", ":app", "shop:"])
def test_an_incomplete_import_string_is_a_problem(tmp_path: Path, entrypoint: str) -> None:
    with pytest.raises(Problem, match="format module"):
        find_target(tmp_path, entrypoint=entrypoint)


def test_a_path_that_does_not_exist_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"Path does not exist missing\.py"):
        find_target(tmp_path, "missing.py")


def test_app_then_api_then_the_first_application_is_chosen() -> None:
    assert choose_app({"web": 1, "api": 2, "app": 3}, int) == "app"
    assert choose_app({"web": 1, "api": 2, "app": "no"}, int) == "api"
    assert choose_app({"web": 1, "blog": 2}, int) == "blog"
    assert choose_app({"web": "no"}, int) is None


def test_applications_are_listed_by_name() -> None:
    assert applications_in({"b": 1, "a": 2, "c": "no"}, int) == ["a", "b"]


def test_candidates_are_told_or_their_absence() -> None:
    assert similar("web", ["app", "api"]) == "applications found there: app, api"
    assert "no application" in similar("web", [])
