"""The supervisor's own process: `python -m pronghorn.server.supervise FD`.

Lives here: leaving a process that has imported the application for one that has not, under the same process
id. Such a process is small, and holds nothing that the application has opened or started.
Must not live here: supervising (`supervisor`).
"""

from __future__ import annotations

import os
import sys
import tempfile
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
    with tempfile.TemporaryFile() as file:
        Assignment(target, config, list(sys.path)).write(file)
        file.seek(0)
        os.set_inheritable(file.fileno(), True)
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(sys.executable, [sys.executable, "-m", __name__, str(file.fileno())])


def main(fd: int) -> int:
    """Supervise as the file says; the exit code."""
    with open(fd, "rb") as file:
        assignment = Assignment.read(file)
    config = assignment.config
    set_up_logging(config.log_level, config.access_log_format)
    return Supervisor(assignment.target, config, assignment.path).run()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
