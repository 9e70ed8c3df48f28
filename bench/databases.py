"""The table that the database workloads read, in SQLite and in a PostgreSQL server of our own."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.processes import cores
from bench.servers import WORK

ROWS = 1_000
CREATE = "CREATE TABLE world (id INTEGER PRIMARY KEY, name TEXT NOT NULL, value INTEGER NOT NULL)"


def make_sqlite() -> str:
    """The URL of a fresh database file."""
    WORK.mkdir(parents=True, exist_ok=True)
    file = WORK / "rows.sqlite"
    file.unlink(missing_ok=True)
    with sqlite3.connect(file) as connection:
        connection.execute(CREATE)
        rows = [(number, f"name {number}", number * 7) for number in range(1, ROWS + 1)]
        connection.executemany("INSERT INTO world VALUES (?, ?, ?)", rows)
    connection.close()
    return f"sqlite:///{file}"


def find_postgresql() -> Path | None:
    """The folder with PostgreSQL's server programs, the newest where there are several."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((path.parent for path in installed), key=lambda path: float(path.parent.name), default=None)


@contextmanager
def postgresql() -> Iterator[str | None]:
    """A server on the core of the load, reached through a socket; its URL, or None where there is none."""
    programs = find_postgresql()
    if programs is None:
        yield None
        return
    # It refuses to run as root.
    as_user: dict[str, Any] = {"user": "nobody"} if os.geteuid() == 0 else {}
    home = Path(tempfile.mkdtemp(prefix="bench-"))
    data = str(home / "data")
    if as_user:
        shutil.chown(home, "nobody")

    def run(program: str, *arguments: str) -> None:
        core = str(min(cores()[0]))
        command = ["taskset", "-c", core, str(programs / program), *arguments]
        subprocess.run(command, cwd=home, check=True, stdout=subprocess.DEVNULL, **as_user)

    options = f"-k {home} -c listen_addresses='' -c fsync=off -c max_connections=600"
    fill = f"INSERT INTO world SELECT n, 'name ' || n, n * 7 FROM generate_series(1, {ROWS}) n; ANALYZE world"
    try:
        run("initdb", "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        run("pg_ctl", "-D", data, "-l", str(home / "log"), "-w", "-o", options, "start")
        run("psql", "-h", str(home), "-U", "bench", "-q", "-c", f"{CREATE}; {fill}", "postgres")
        yield f"postgresql://bench@/postgres?host={home}"
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(home)
