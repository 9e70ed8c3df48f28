from __future__ import annotations

import sys

import pytest

from pronghorn.server import ServerConfig, run, upgrade
from pronghorn.server.reload import Watcher
from tests.server.applications import echo


@pytest.mark.parametrize(("options", "wanted"), [({"workers": 2}, "workers=2"), ({"reload": True}, "reload")])
def test_processes_of_their_own_need_an_import_string(options: dict[str, object], wanted: str) -> None:
    with pytest.raises(ValueError, match=f"{wanted} with an application object: give its import string"):
        run(echo, ServerConfig(**options))  # type: ignore[arg-type]


def test_reload_without_watchfiles_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(ImportError, match="pip install 'pronghorn"):
        Watcher(None, lambda paths: None)


def test_websockets_without_the_library_are_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "pronghorn.server.websocket", None)
    upgrade._connection_class.cache_clear()
    assert [upgrade._connection_class() for _ in range(2)] == [None, None]
    upgrade._connection_class.cache_clear()
    assert len(caplog.records) == 1
