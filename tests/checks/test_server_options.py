"""The page of the server's options says what the server does."""

from pathlib import Path

import pytest

from checks import server_options
from pronghorn.server import ServerConfig
from pronghorn.server.options import options_of


def test_the_page_is_up_to_date() -> None:
    assert server_options.page() == server_options.PAGE.read_text("utf-8")
    assert server_options.main(["--check"]) == 0


def test_every_option_is_on_it() -> None:
    page = server_options.page()
    for option in options_of(ServerConfig):
        assert f"\n| `{option.name}` | " in page


def test_a_page_that_is_not_is_rewritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text("old")
    monkeypatch.setattr(server_options, "PAGE", page)
    assert server_options.main(["--check"]) == 1
    assert "run it" in capsys.readouterr().out
    assert server_options.main([]) == 0
    assert server_options.main(["--check"]) == 0
