"""`pronghorn dev` and `pronghorn run`: find the application, say what is served where, serve it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from pronghorn.applications import Pronghorn
from pronghorn.cli import servers
from pronghorn.cli.console import problems_shown
from pronghorn.cli.discovery import Target, find_target
from pronghorn.cli.loading import load
from pronghorn.cli.options import PathOptions, ServeOptions
from pronghorn.cli.problems import Problem


def dev(options: ServeOptions) -> None:
    """Serve an application for development: on this machine alone, started again when files change."""
    os.environ.setdefault("FASTAPI_ENV", "development")
    _serve(options, "development")


def run(options: ServeOptions) -> None:
    """Serve an application in production."""
    _serve(options, "production")


def worker_count(options: ServeOptions) -> int:
    """How many worker processes to start: as given, else as the environment says.

    Raises:
        Problem: `WEB_CONCURRENCY` is not a number of processes.
    """
    configured = os.environ.get("WEB_CONCURRENCY")
    if options.workers is not None or options.reload or not configured:
        return options.workers or 1
    if not configured.isdecimal() or int(configured) < 1:
        raise Problem(f"WEB_CONCURRENCY is {configured!r}, expected a number of worker processes, 1 or more")
    return int(configured)


def load_from_options(options: PathOptions) -> tuple[Target, Pronghorn]:
    """The application that the options of a command mean, imported.

    Raises:
        Problem: it cannot be found or imported.
    """
    if options.drop_in:
        from pronghorn import dropin

        dropin.install()
    return load(find_target(Path.cwd(), options.path, options.app, options.entrypoint))


def _serve(options: ServeOptions, mode: str) -> None:
    console = Console()
    with problems_shown(console, with_traceback=options.traceback):
        console.print(f"Starting [bold]Pronghorn[/] in {mode} mode", highlight=False)
        target, application = load_from_options(options)
        options = replace(options, workers=worker_count(options))
        _report(console, options, target, application)
        servers.start(options, target.import_string)


def _report(console: Console, options: ServeOptions, target: Target, application: Pronghorn) -> None:
    address = public_address(options)
    lines = [
        ("import string", f"[blue]{target.import_string}[/] [dim](found by {target.found_by})[/]"),
        ("server", _server_text(options)),
        ("listening", address),
    ]
    if application.openapi_url and not options.uds:
        pages = [page for page in (application.docs_url, application.redoc_url) if page]
        lines.append(
            ("docs", "  ".join(f"{address}{page}" for page in pages) or f"{address}{application.openapi_url}")
        )
    for label, text in lines:
        console.print(f"  [dim]{label:<14}[/]{text}", highlight=False, soft_wrap=True)


def _server_text(options: ServeOptions) -> str:
    text: str = options.server
    if (options.workers or 1) > 1:
        text += f", {options.workers} workers"
    if options.reload:
        text += ", reloading"
    return f"{text}, as fastapi (drop-in)" if options.drop_in else text


def public_address(options: ServeOptions) -> str:
    """Where a browser finds the application."""
    if options.uds is not None:
        return f"unix:{options.uds}"
    configured = os.environ.get("FASTAPI_PUBLIC_URL")
    if configured:
        return configured.rstrip("/")
    host = f"[{options.host}]" if ":" in options.host else options.host
    return f"http://{host}:{options.port}"
