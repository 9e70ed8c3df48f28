"""Starts the server that a command names, with the options it knows.

Every server gets the application's import string, since reloaders and workers import it again in
processes of their own. An option that a server does not have is a `Problem`, never silently dropped.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from pronghorn.cli.discovery import Target
from pronghorn.cli.options import ServerName
from pronghorn.cli.problems import Problem
from pronghorn.server.config import ServerConfig
from pronghorn.server.options import options_of


@dataclass(frozen=True)
class Service:
    """How to serve.

    Attributes:
        server: which server.
        config: the options.
        given: the names of those that were chosen.
    """

    server: ServerName
    config: ServerConfig
    given: frozenset[str]


def start(service: Service, import_string: str) -> None:
    """Serve until told to stop.

    Raises:
        Problem: the server is not installed, or lacks an option that was given.
    """
    _STARTERS[service.server](service, import_string)


def only_supervises(service: Service) -> bool:
    """Whether this process serves by keeping others that do, for which it need not know the application."""
    return service.server == "native" and service.config.needs_supervisor and os.name == "posix"


def supervise(service: Service, target: Target, *, with_traceback: bool) -> NoReturn:
    """Serve by workers which alone import the application; what they cannot import is explained here."""
    from pronghorn.cli.supervised import become_explaining_supervisor

    become_explaining_supervisor(target, service.config, with_traceback=with_traceback)


def _start_native(service: Service, import_string: str) -> None:
    from pronghorn.server.process import run, supervises

    if supervises(import_string, service.config):
        # This process has imported the application, to tell what it serves, and is of no more use.
        from pronghorn.server.supervise import become_supervisor

        become_supervisor(import_string, service.config)
    run(import_string, service.config)


def _start_uvicorn(service: Service, import_string: str) -> None:
    try:
        import uvicorn
    except ImportError as error:
        raise _not_installed("uvicorn", error) from error
    shared = {"root_path", "proxy_headers", "forwarded_allow_ips", "fd", "backlog", "lifespan"}
    shared |= {"ssl_certfile", "ssl_keyfile", "ssl_keyfile_password", "ssl_ca_certs"}
    _refuse_all_but(service, shared)
    config = service.config
    options = {name: getattr(config, name) for name in shared & service.given}
    folders = list(config.reload_dirs or ()) or None
    uvicorn.run(
        import_string, **_common(config), reload_dirs=folders, access_log=config.access_log, **options
    )


def _start_granian(service: Service, import_string: str) -> None:
    try:
        from granian.constants import Interfaces
        from granian.log import LogLevels
        from granian.server import Server
    except ImportError as error:
        raise _not_installed("granian", error) from error
    _refuse_all_but(service, set())
    config = service.config
    Server(
        import_string,
        address=config.host,
        port=config.port,
        uds=None if config.uds is None else Path(config.uds),
        interface=Interfaces.RSGI,
        workers=config.workers,
        reload=config.reload,
        reload_paths=[Path(folder) for folder in config.reload_dirs or ()] or None,
        log_access=config.access_log,
        log_level=LogLevels(config.log_level),
    ).serve()


def _start_hypercorn(service: Service, import_string: str) -> None:
    try:
        from hypercorn.config import Config
        from hypercorn.run import run
    except ImportError as error:
        raise _not_installed("hypercorn", error) from error
    _refuse_all_but(service, {"root_path"}, without={"reload_dirs"})
    options = service.config
    config = Config()
    config.application_path = import_string
    config.bind = [f"unix:{options.uds}" if options.uds else f"{options.host}:{options.port}"]
    config.workers = options.workers
    config.use_reloader = options.reload
    config.root_path = options.root_path
    config.accesslog = "-" if options.access_log else None
    config.loglevel = options.log_level.upper()
    run(config)


_STARTERS: Mapping[ServerName, Callable[[Service, str], None]] = {
    "native": _start_native,
    "uvicorn": _start_uvicorn,
    "granian": _start_granian,
    "hypercorn": _start_hypercorn,
}
_EVERYWHERE = frozenset(
    {"host", "port", "uds", "workers", "reload", "reload_dirs", "access_log", "log_level"}
)
"""Options that every server has."""


def _common(config: ServerConfig) -> dict[str, Any]:
    return {name: getattr(config, name) for name in ("host", "port", "uds", "workers", "reload", "log_level")}


def _refuse_all_but(
    service: Service, known: set[str], without: frozenset[str] | set[str] = frozenset()
) -> None:
    for option in options_of(ServerConfig):
        if option.name in service.given and option.name not in (_EVERYWHERE - without) | known:
            raise Problem(
                f"{service.server} has no equivalent of {option.flag}",
                fix="leave it out, or serve with --server native",
            )


def _not_installed(name: str, error: ImportError) -> Problem:
    return Problem(f"Could not import {name}: {error}", fix=f"pip install {name}")
