"""Starts the server that a command names, with the options it knows.

Every server gets the application's import string, since reloaders and workers import it again in
processes of their own. An option that a server does not have is a `Problem`, never silently dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pronghorn.cli.options import ServeOptions, ServerName
from pronghorn.cli.problems import Problem


def start(options: ServeOptions, import_string: str) -> None:
    """Serve until told to stop.

    Raises:
        Problem: the server is not installed, or lacks an option that was given.
    """
    if options.reload and (options.workers or 1) > 1:
        raise Problem(
            f"Cannot use --workers {options.workers} together with --reload",
            fix="workers are for production: drop one of the two",
        )
    _STARTERS[options.server](options, import_string)


def _start_native(options: ServeOptions, import_string: str) -> None:
    from pronghorn.server import ServerConfig, run

    run(import_string, ServerConfig(**_common(options)))


def _start_uvicorn(options: ServeOptions, import_string: str) -> None:
    try:
        import uvicorn
    except ImportError as error:
        raise _not_installed("uvicorn", error) from error
    uvicorn.run(import_string, **_common(options))


def _start_granian(options: ServeOptions, import_string: str) -> None:
    try:
        from granian.constants import Interfaces
        from granian.log import LogLevels
        from granian.server import Server
    except ImportError as error:
        raise _not_installed("granian", error) from error
    _refuse(options, "root_path", "forwarded_allow_ips")
    Server(
        import_string,
        address=options.host,
        port=options.port,
        uds=options.uds,
        interface=Interfaces.RSGI,
        workers=options.workers or 1,
        reload=options.reload,
        reload_paths=options.reload_dir,
        log_access=options.access_log,
        log_level=LogLevels(options.log_level),
    ).serve()


def _start_hypercorn(options: ServeOptions, import_string: str) -> None:
    try:
        from hypercorn.config import Config
        from hypercorn.run import run
    except ImportError as error:
        raise _not_installed("hypercorn", error) from error
    _refuse(options, "reload_dir", "forwarded_allow_ips")
    config = Config()
    config.application_path = import_string
    config.bind = [f"unix:{options.uds}" if options.uds else f"{options.host}:{options.port}"]
    config.workers = options.workers or 1
    config.use_reloader = options.reload
    config.root_path = options.root_path
    config.accesslog = "-" if options.access_log else None
    config.loglevel = options.log_level.upper()
    run(config)


_STARTERS: Mapping[ServerName, Callable[[ServeOptions, str], None]] = {
    "native": _start_native,
    "uvicorn": _start_uvicorn,
    "granian": _start_granian,
    "hypercorn": _start_hypercorn,
}


def _common(options: ServeOptions) -> dict[str, Any]:
    """The options that the native server and uvicorn name alike."""
    return {
        "host": options.host,
        "port": options.port,
        "uds": None if options.uds is None else str(options.uds),
        "workers": options.workers or 1,
        "reload": options.reload,
        "reload_dirs": [str(folder.resolve()) for folder in options.reload_dir or ()] or None,
        "root_path": options.root_path,
        "proxy_headers": options.proxy_headers,
        "forwarded_allow_ips": options.forwarded_allow_ips,
        "access_log": options.access_log,
        "log_level": options.log_level,
    }


def _refuse(options: ServeOptions, *names: str) -> None:
    for name in names:
        if getattr(options, name):
            raise Problem(
                f"{options.server} has no equivalent of --{name.replace('_', '-')}",
                fix="leave it out, or serve with --server native or --server uvicorn",
            )


def _not_installed(name: str, error: ImportError) -> Problem:
    return Problem(f"Could not import {name}: {error}", fix=f"pip install {name}")
