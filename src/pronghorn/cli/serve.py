"""`pronghorn dev` and `pronghorn run`: find the application, say what is served where, serve it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pronghorn.cli import servers
from pronghorn.cli.console import problems_shown, say
from pronghorn.cli.discovery import Target, find_target
from pronghorn.cli.glance import with_plain_name
from pronghorn.cli.options import PathOptions, ServeOptions
from pronghorn.cli.problems import Problem
from pronghorn.cli.servers import Service
from pronghorn.server.config import ServerConfig
from pronghorn.server.sources import BadOption, load_config

if TYPE_CHECKING:
    from pronghorn.applications import Pronghorn

DEVELOPMENT = {"reload": True, "block_warning": 0.1, "heartbeat_timeout": None}
PRODUCTION = {"host": "0.0.0.0"}
_DROP_IN = {
    "max_body_size": None,
    "proxy_headers": True,
    "ws_allowed_origins": "*",
    "cancel_on_disconnect": False,
}
"""What an unchanged FastAPI application counts on."""


def dev(options: ServeOptions, flags: dict[str, Any]) -> None:
    """Serve an application for development: on this machine alone, started again when files change."""
    os.environ.setdefault("FASTAPI_ENV", "development")
    _serve(options, flags, "development", DEVELOPMENT)


def run(options: ServeOptions, flags: dict[str, Any]) -> None:
    """Serve an application in production."""
    _serve(options, flags, "production", PRODUCTION)


def service_from(options: ServeOptions, flags: Mapping[str, Any], defaults: Mapping[str, Any]) -> Service:
    """How to serve: the flags, then the environment, then `pyproject.toml`, then `defaults`.

    Raises:
        Problem: one of them has a value that cannot work.
    """
    if options.drop_in:
        defaults = {**defaults, **_DROP_IN}
    try:
        config, given = load_config(flags, os.environ, Path.cwd() / "pyproject.toml", defaults)
    except BadOption as error:
        raise Problem(str(error), fix=error.fix) from None
    return Service(options.server, config, given)


def load_from_options(options: PathOptions) -> tuple[Target, Pronghorn]:
    """The application that the options of a command mean, imported.

    Raises:
        Problem: it cannot be found or imported.
    """
    _install_drop_in(options)
    from pronghorn.cli.loading import load

    return load(find_target(Path.cwd(), options.path, options.app, options.entrypoint))


def _install_drop_in(options: PathOptions) -> None:
    if options.drop_in:
        from pronghorn import dropin

        dropin.install()


def _serve(options: ServeOptions, flags: dict[str, Any], mode: str, defaults: Mapping[str, Any]) -> None:
    with problems_shown(with_traceback=options.traceback):
        say(("Starting ", ""), ("Pronghorn", "bold"), (f" in {mode} mode", ""))
        target = find_target(Path.cwd(), options.path, options.app, options.entrypoint)
        if mode == "production" and target.app_name is None:
            target = with_plain_name(target, drop_in=options.drop_in)
        if mode == "production" and target.app_name is not None:
            service = service_from(options, flags, defaults)
            if servers.only_supervises(service):
                _report(options, service, target)
                _install_drop_in(options)
                servers.supervise(service, target, with_traceback=options.traceback)
        target, application = load_from_options(options)
        service = service_from(options, flags, defaults)
        _report(options, service, target, application)
        servers.start(service, target.import_string)


def _report(
    options: ServeOptions, service: Service, target: Target, application: Pronghorn | None = None
) -> None:
    """Say what is served where; what the application itself decides, only if it is known."""
    address = public_address(service.config)
    lines: list[tuple[str, *tuple[tuple[str, str], ...]]] = [
        ("import string", (target.import_string, "blue"), (f" (found by {target.found_by})", "dim")),
        ("server", (_server_text(service, drop_in=options.drop_in), "")),
        ("listening", (address, "")),
    ]
    if application is not None and application.openapi_url and not service.config.uds:
        pages = [page for page in (application.docs_url, application.redoc_url) if page]
        places = "  ".join(f"{address}{page}" for page in pages) or f"{address}{application.openapi_url}"
        lines.append(("docs", (places, "")))
    for label, *parts in lines:
        say((f"  {label:<14}", "dim"), *parts)


def _server_text(service: Service, *, drop_in: bool) -> str:
    text: str = service.server
    if service.config.workers > 1:
        text += f", {service.config.workers} workers"
    if service.config.reload:
        text += ", reloading"
    return f"{text}, as fastapi (drop-in)" if drop_in else text


def public_address(config: ServerConfig) -> str:
    """Where a browser finds the application."""
    if config.uds is not None:
        return f"unix:{config.uds}"
    configured = os.environ.get("FASTAPI_PUBLIC_URL")
    if configured:
        return configured.rstrip("/")
    host = f"[{config.host}]" if ":" in config.host else config.host
    return f"{config.scheme}://{host}:{config.port}"
