"""What `pronghorn run` becomes where it need not import the application: `python -m pronghorn.cli.supervised FD`.

Only the workers import it. If they cannot, this process does so too, to tell why as the other commands do.
Invariant: a supervisor whose workers have served never imports the application, nor what would show a problem.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import NoReturn

from pronghorn.cli.discovery import Target
from pronghorn.server.assignment import Assignment
from pronghorn.server.config import ServerConfig
from pronghorn.server.supervise import become, supervisor_from
from pronghorn.server.supervisor import NOT_STARTED

_WITH_TRACEBACK = "--traceback"


def become_explaining_supervisor(target: Target, config: ServerConfig, *, with_traceback: bool) -> NoReturn:
    """Let this process be a supervisor that tells what is wrong with `target`, should it not start."""
    path = [str(target.search_path), *sys.path]
    arguments = [_WITH_TRACEBACK] if with_traceback else []
    become(__name__, Assignment(target.import_string, config, path, explained=True), arguments)


def main(arguments: list[str]) -> int:
    """Supervise as the file says; the exit code."""
    fd, *flags = arguments
    supervisor, assignment = supervisor_from(int(fd))
    code = supervisor.run()
    if not supervisor.never_served:
        return code
    if _explained(assignment, with_traceback=_WITH_TRACEBACK in flags):
        return 1
    logging.getLogger("pronghorn.error").error(NOT_STARTED)
    return code


def _explained(assignment: Assignment, *, with_traceback: bool) -> bool:
    """Whether the application cannot be imported; says why."""
    from rich.console import Console

    from pronghorn.cli.console import show_problem
    from pronghorn.cli.loading import load
    from pronghorn.cli.problems import Problem

    module, _, name = assignment.target.partition(":")
    sys.path[:] = assignment.path[1:]
    try:
        load(Target(module, Path(assignment.path[0]), name))
    except Problem as problem:
        show_problem(Console(), problem, with_traceback=with_traceback)
        return True
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
