"""The supervisor's own process: `python -m pronghorn.server.supervise FD`.

Lives here: leaving a process that may have imported the application for one that has not, under the same process
id. Such a process is small, and holds nothing that the application has opened or started.
Must not live here: supervising (`supervisor`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from pronghorn.server.assignment import Assignment
from pronghorn.server.config import ServerConfig
from pronghorn.server.logs import set_up_logging
from pronghorn.server.supervisor import Supervisor


def become_supervisor(target: str, config: ServerConfig) -> NoReturn:
    """Let this process be a supervisor, and nothing of what it was.

    Args:
        target: the application's import string.
        config: the options.
    """
    become(__name__, Assignment(target, config, list(sys.path)))


def become(program: str, assignment: Assignment, arguments: Sequence[str] = ()) -> NoReturn:
    """Let this process run another program.

    Args:
        program: its module; it reads the assignment from a file descriptor, its first argument.
        assignment: what is to be served, and how.
        arguments: further ones.
    """
    import tempfile  # not needed by who has become the supervisor

    with tempfile.TemporaryFile() as file:
        assignment.write(file)
        file.seek(0)
        os.set_inheritable(file.fileno(), True)
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(sys.executable, [sys.executable, "-m", program, str(file.fileno()), *arguments])


def supervisor_from(fd: int) -> tuple[Supervisor, Assignment]:
    """The supervisor that the file says, and what it says."""
    with open(fd, "rb") as file:
        assignment = Assignment.read(file)
    config = assignment.config
    set_up_logging(config.log_level, config.access_log_format)
    supervisor = Supervisor(assignment.target, config, assignment.path, explained=assignment.explained)
    return supervisor, assignment


if __name__ == "__main__":
    sys.exit(supervisor_from(int(sys.argv[1]))[0].run())
