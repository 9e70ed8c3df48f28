"""`import pronghorn` stays light."""

from checks import light


def test_the_import_loads_nothing_that_belongs_to_a_later_moment() -> None:
    assert light.too_heavy(light.loaded_by("pronghorn")) == []


def test_a_module_in_a_forbidden_package_is_found() -> None:
    assert light.too_heavy(["typer", "typer.core", "typerish", "json"]) == ["typer", "typer.core"]
