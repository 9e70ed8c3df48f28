"""Where options come from: the first place that names one decides it, and is named when it is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pronghorn.server import ServerConfig, sources
from pronghorn.server.sources import BadOption, load_config


@pytest.fixture
def pyproject(tmp_path: Path) -> Path:
    return tmp_path / "pyproject.toml"


def load(pyproject: Path, flags: Any = (), environ: Any = (), defaults: Any = ()) -> ServerConfig:
    config, _ = load_config(flags or {}, environ or {}, pyproject, defaults or {})
    return config


def test_without_any_source_the_defaults_hold(pyproject: Path) -> None:
    assert load_config({}, {}, pyproject, {}) == (ServerConfig(), frozenset())


def test_flags_come_before_the_environment_before_settings_before_defaults(pyproject: Path) -> None:
    flags: dict[str, Any] = {"port": "1", "uds": None, "reload_dirs": []}
    environ = {"PRONGHORN_PORT": "2", "PRONGHORN_BACKLOG": "2"}
    pyproject.write_text("[tool.pronghorn.server]\nport = 3\nbacklog = 3\nmax_pipelined = 3\n")
    defaults = {"port": 4, "backlog": 4, "max_pipelined": 4, "ws_max_queue": 4}
    config, given = load_config(flags, environ, pyproject, defaults)
    assert (config.port, config.backlog, config.max_pipelined, config.ws_max_queue) == (1, 2, 3, 4)
    assert given == {"port", "backlog", "max_pipelined"}


def test_variables_of_other_tools_count_after_ours(pyproject: Path) -> None:
    assert load(pyproject, environ={"PORT": "81"}).port == 81
    assert load(pyproject, environ={"PORT": "81", "PRONGHORN_PORT": "82"}).port == 82
    assert load(pyproject, environ={"PORT": ""}).port == 8000


def test_a_platforms_number_of_workers_does_not_keep_anybody_from_reloading(pyproject: Path) -> None:
    environ = {"WEB_CONCURRENCY": "3"}
    assert load(pyproject, environ=environ).workers == 3
    assert load(pyproject, environ=environ, defaults={"reload": True}).workers == 1
    with pytest.raises(BadOption, match="reload with 3 workers"):
        load(pyproject, flags={"workers": "3"}, defaults={"reload": True})


def test_as_many_workers_as_processors(pyproject: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(pyproject, flags={"workers": "auto"}).workers >= 1


def test_whoever_names_proxies_means_to_trust_them(pyproject: Path) -> None:
    config = load(pyproject, flags={"forwarded_allow_ips": "10.0.0.0/8"})
    assert (config.proxy_headers, config.keep_alive_timeout) == (True, sources._BEHIND_A_PROXY)
    config = load(pyproject, flags={"proxy_headers": True, "keep_alive_timeout": "7"})
    assert (config.proxy_headers, config.keep_alive_timeout) == (True, 7)
    config = load(pyproject, flags={"proxy_headers": False, "forwarded_allow_ips": "*"})
    assert (config.proxy_headers, config.keep_alive_timeout) == (False, 5)


@pytest.mark.parametrize(
    ("flags", "environ", "table", "message"),
    [
        ({"port": "x"}, {}, "", "--port is 'x': expected a whole number from 0 to 65535"),
        (
            {},
            {"PRONGHORN_HEADER_TIMEOUT": "-1"},
            "",
            "PRONGHORN_HEADER_TIMEOUT is '-1': expected a number of",
        ),
        (
            {},
            {"WEB_CONCURRENCY": "many"},
            "",
            "WEB_CONCURRENCY is 'many': expected a whole number above 0 or auto",
        ),
        ({}, {}, "port = true", r"port in \[tool.pronghorn.server\] is True: expected a whole number"),
        ({}, {}, "prot = 1", "prot in .* is no option of the server"),
        ({}, {}, "what = 1", "what in .* is no option of the server"),
        ({}, {}, "uds = 'x'\nfd = 3", "listen on one of them"),
        ({}, {}, "port =", "is not TOML"),
    ],
)
def test_a_message_names_the_place_what_is_there_and_what_should_be(
    pyproject: Path, flags: Any, environ: Any, table: str, message: str
) -> None:
    pyproject.write_text(f"[tool.pronghorn.server]\n{table}\n")
    with pytest.raises(BadOption, match=message) as caught:
        load(pyproject, flags, environ)
    assert caught.value.fix


def test_a_misspelt_key_is_recognised(pyproject: Path) -> None:
    pyproject.write_text("[tool.pronghorn.server]\nprot = 1\n")
    with pytest.raises(BadOption) as caught:
        load(pyproject)
    assert caught.value.fix == "did you mean port?"


def test_settings_that_are_no_table_are_refused(pyproject: Path) -> None:
    pyproject.write_text('[tool.pronghorn]\nserver = "granian"\n')
    with pytest.raises(BadOption, match="expected a table"):
        load(pyproject)
