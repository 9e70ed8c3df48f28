from __future__ import annotations

import dataclasses
import ssl
from pathlib import Path

import pytest

from pronghorn.server import ServerConfig
from pronghorn.server import config as module
from pronghorn.server.options import options_of


def test_defaults_are_the_promised_ones() -> None:
    config = ServerConfig()
    assert (config.max_head_size, config.max_header_fields, config.max_target_size) == (32768, 100, 8192)
    assert (config.header_timeout, config.body_timeout, config.write_timeout) == (10, 15, 30)
    assert (config.keep_alive_timeout, config.graceful_timeout) == (5, 30)
    assert (config.ws_max_size, config.ws_max_queue) == (1_048_576, 16)
    assert (config.ws_ping_interval, config.ws_ping_timeout) == (20, 20)
    assert config.max_body_size == 1_048_576
    assert (config.max_active_requests, config.max_connections, config.max_pipelined) == (1000, 10_000, 8)
    assert not config.server_header
    assert not config.proxy_headers
    assert config.scheme == "http"
    assert config.ssl_context() is None


def test_a_config_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ServerConfig().port = 1  # type: ignore[misc]


def test_every_option_says_what_it_is() -> None:
    for option in options_of(ServerConfig):
        assert option.about.help.endswith("."), option.name
        assert option.group, option.name


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 0}, "workers is 0: expected a whole number above 0"),
        ({"header_timeout": -1}, "header_timeout is -1"),
        ({"port": 70000}, "port is 70000: expected a whole number from 0 to 65535"),
        ({"log_level": "loud"}, "log_level is 'loud': expected one of critical, error, warning, info, debug"),
        ({"access_log_sample": 1.5}, "access_log_sample is 1.5: expected a number from 0 to 1"),
        ({"header_timeout": float("nan")}, "header_timeout is nan"),
        ({"keep_alive_timeout": None}, "keep_alive_timeout is None: expected a number of seconds above 0"),
        ({"reload": True, "workers": 2}, "reload with 2 workers"),
        ({"uds": "/x", "fd": 3}, "listen on one of them"),
        ({"ssl_keyfile": "key.pem"}, "TLS needs a certificate"),
    ],
)
def test_values_that_cannot_work_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ServerConfig(**options)  # type: ignore[arg-type]


def test_limits_can_be_switched_off() -> None:
    config = ServerConfig(max_active_requests=None, max_connections=None, ws_ping_interval=None)
    assert config.max_active_requests is None


def test_passwords_are_not_shown() -> None:
    assert "secret" not in repr(ServerConfig(ssl_certfile="c", ssl_keyfile_password="secret"))


def test_tls_is_of_a_version_that_is_safe(certificate: tuple[Path, Path]) -> None:
    cert, key = map(str, certificate)
    config = ServerConfig(ssl_certfile=cert, ssl_keyfile=key)
    context = config.ssl_context()
    assert config.scheme == "https"
    assert context is not None
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_NONE
    strict = ServerConfig(ssl_certfile=cert, ssl_keyfile=key, ssl_ca_certs=cert).ssl_context()
    assert strict is not None
    assert strict.verify_mode == ssl.CERT_REQUIRED


def test_the_module_tells_its_units() -> None:
    assert module.MIB == 1024 * module.KIB
