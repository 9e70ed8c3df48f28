"""Imports modules named on standard input and prints the OpenAPI documents of their applications.

Run as a program (its argument: the folder that holds `docs_src`) in the environment of `upstream`, once as it is (the real FastAPI answers) and once
under `python -m pronghorn.dropin`. Each module is imported in a forked child of its own, so that
none sees what another one left behind. One JSON line a module: `{"module", "documents", "error"}`.
"""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import sys
import traceback
import warnings
from typing import Any


def documents_of(module_name: str) -> dict[str, Any]:
    """The documents of every application in a module, by its name there, as served over HTTP."""
    application_class = importlib.import_module("fastapi").FastAPI
    client_class = importlib.import_module("fastapi.testclient").TestClient
    warnings.simplefilter("ignore")
    module = importlib.import_module(module_name)
    applications = {
        name: found for name, found in vars(module).items() if isinstance(found, application_class)
    }
    documents = {}
    for name, application in applications.items():
        if application.openapi_url:
            reply = client_class(application, base_url="https://example.com").get(application.openapi_url)
            reply.raise_for_status()
            documents[name] = reply.json()
    return documents


def report(module_name: str) -> str:
    """The line for one module; an error is told by its type and the first line of its message."""
    line: dict[str, Any] = {"module": module_name, "documents": {}, "error": None}
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - what a tutorial prints is not part of the report
    try:
        line["documents"] = documents_of(module_name)
    except BaseException as error:
        line["error"] = traceback.format_exception_only(error)[0].partition("\n")[0]
    return json.dumps(line)


def main() -> None:
    """Read module names, print their lines."""
    sys.path[0] = sys.argv[1]  # not this folder, which has a module named docs_src too
    importlib.import_module("fastapi.testclient")  # once, before the children are forked

    names = sys.stdin.read().split()
    processes = multiprocessing.get_context("fork").Pool(
        int(os.environ.get("WORKERS", "2")), maxtasksperchild=1
    )
    with processes as pool:
        for line in pool.imap(report, names, chunksize=1):
            print(line, flush=True)


if __name__ == "__main__":
    main()
