from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pronghorn.server import CannotLoad
from pronghorn.server.loading import load_app, users_part
from tests.server.applications import echo


def test_an_application_is_itself() -> None:
    assert load_app(echo) is echo


def test_a_string_names_an_attribute_of_a_module() -> None:
    assert load_app("pronghorn.server.config:ServerConfig.scheme").fget.__name__ == "scheme"


@pytest.mark.parametrize("target", ["", "main", "main:", ":app"])
def test_a_string_of_another_form_is_refused(target: str) -> None:
    with pytest.raises(CannotLoad, match="expected 'module:attribute'"):
        load_app(target)


def test_a_missing_attribute_is_told() -> None:
    with pytest.raises(CannotLoad, match="has no 'nothing'"):
        load_app("pronghorn.server.config:nothing")


def test_modules_are_looked_for_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "standing_here.py").write_text("app = 'found'")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    assert load_app("standing_here:app") == "found"
    del sys.modules["standing_here"]


def test_a_failed_import_is_traced_from_the_users_own_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "failing_here.py").write_text("import json\n\napp = json.loads('{')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match="Expecting property name") as caught:
        load_app("failing_here:app")
    trace = caught.value.__traceback__
    assert trace is not None
    trace = trace.tb_next  # this function's own
    shown = users_part(trace)
    assert shown is not None
    assert shown.tb_frame.f_code.co_filename == str(tmp_path / "failing_here.py")
    assert users_part(None) is None
