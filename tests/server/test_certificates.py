"""Certificates are renewed while the server runs, and wrong ones change nothing."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import ssl
import warnings
from pathlib import Path

import pytest

from pronghorn.server import ServerConfig, certificates, running
from pronghorn.server.certificates import Certificates
from tests.server.applications import Fast
from tests.server.conftest import make_certificate
from tests.server.processes import process, until


def shown(port: int) -> bytes:
    """The certificate that a server shows."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain) as connection,
    ):
        certificate = connection.getpeercert(binary_form=True)
    assert certificate is not None
    return certificate


def written(cert: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(cert.read_text())


@pytest.fixture
def files(certificate: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """A certificate that may be changed."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    shutil.copy(certificate[0], cert)
    shutil.copy(certificate[1], key)
    return cert, key


def replace(files: tuple[Path, Path], folder: Path) -> None:
    """Put others in their place."""
    folder.mkdir()
    for new, old in zip(make_certificate(folder), files, strict=True):
        os.replace(new, old)


def config_of(files: tuple[Path, Path]) -> ServerConfig:
    return ServerConfig(port=0, access_log=False, ssl_certfile=str(files[0]), ssl_keyfile=str(files[1]))


def test_changed_files_are_noticed(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pronghorn.server.server.LOOK_EVERY", 0.05)
    with running(Fast(), config_of(files)) as server:
        before = shown(server.port)
        assert before == written(files[0])
        replace(files, tmp_path / "new")
        assert until(lambda: shown(server.port), lambda now: now != before) == written(files[0])


def test_files_that_do_not_fit_together_change_nothing(
    files: tuple[Path, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "pronghorn.error")
    held = Certificates(config_of(files))
    held.renew_if_changed()
    assert caplog.messages == []
    (tmp_path / "new").mkdir()
    new_cert, new_key = make_certificate(tmp_path / "new")
    shutil.copy(new_cert, files[0])
    held.renew_if_changed()
    held.renew_if_changed()
    assert len(caplog.messages) == 1
    assert "the old one stays" in caplog.messages[0]
    files[1].unlink()
    held.renew_if_changed()
    shutil.copy(new_key, files[1])
    held.renew_if_changed()
    assert caplog.messages[-1] == f"Certificate read again: {files[0]}"


def test_without_a_certificate_there_is_nothing_to_renew() -> None:
    held = Certificates(ServerConfig())
    held.renew()
    held.renew_if_changed()
    assert held.context is None
    assert certificates.LOOK_EVERY > 0


@pytest.mark.parametrize("supervise", [True, False])
def test_sighup_reads_them_again(files: tuple[Path, Path], tmp_path: Path, supervise: bool) -> None:
    cert, key = map(str, files)
    with process(supervise=supervise, ssl_certfile=cert, ssl_keyfile=key) as server:
        port = server.port()
        before = until(lambda: shown(port), lambda now: now)
        replace(files, tmp_path / "new")
        server.signal(signal.SIGHUP)
        assert until(lambda: shown(port), lambda now: now != before) == written(files[0])
        assert server.stop() == 0


def test_a_certificate_that_is_none_is_an_error_at_the_start(tmp_path: Path) -> None:
    wrong = tmp_path / "cert.pem"
    wrong.write_text("no certificate")
    with process(ssl_certfile=str(wrong), supervise=False) as server:
        assert server.wait() == 3
        assert "The certificate cannot be used" in server.log


def test_old_versions_of_tls_are_refused(files: tuple[Path, Path]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        running(Fast(), config_of(files)) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain,
        pytest.raises(ssl.SSLError),
    ):
        context.wrap_socket(plain)
