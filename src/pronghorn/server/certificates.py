"""TLS certificates that are renewed while the server runs.

Lives here: the context that new connections get, and taking newer files into it. Must not live here: what
TLS is allowed (`ServerConfig.ssl_context`). Invariant: files that do not fit together change nothing.
"""

from __future__ import annotations

import logging
import os

from pronghorn.server.config import ServerConfig

logger = logging.getLogger("pronghorn.error")

LOOK_EVERY = 5.0
"""Seconds between two looks at the files."""


class Certificates:
    """The certificate and key that a configuration names.

    Args:
        config: the options.

    Attributes:
        context: for `asyncio`; None without a certificate. It stays the same object.

    Raises:
        OSError: a file cannot be read, or is not what its option says.
    """

    def __init__(self, config: ServerConfig) -> None:
        self._config = config
        self._seen = self._look()
        self.context = config.ssl_context()

    def renew_if_changed(self) -> None:
        """Take the files in when they are not those of the last time."""
        if self.context is not None and self._look() != self._seen:
            self.renew()

    def renew(self) -> None:
        """Take the files in for connections to come; those that are wrong are told and left."""
        context = self.context
        if context is None:
            return
        config = self._config
        self._seen = self._look()
        try:
            config.ssl_context()  # a trial: a context that fails half-way has the new half
            assert config.ssl_certfile is not None
            context.load_cert_chain(config.ssl_certfile, config.ssl_keyfile, config.ssl_keyfile_password)
        except OSError as error:
            logger.error("The new certificate is no good, the old one stays: %s", error)
        else:
            logger.info("Certificate read again: %s", config.ssl_certfile)

    def _look(self) -> list[tuple[int, int]]:
        """What tells one version of the files from another."""
        found = []
        for path in (self._config.ssl_certfile, self._config.ssl_keyfile):
            try:
                status = os.stat(path) if path is not None else None
            except OSError:
                status = None  # between the removal of one and the arrival of another
            found.append((0, 0) if status is None else (status.st_mtime_ns, status.st_ino))
        return found
