"""`python -m conformance.differential [--cases N] [--seed S]`: see `compare`."""

import subprocess
import sys

from conformance.upstream import REPOSITORY, prepare

if __name__ == "__main__":
    upstream = prepare()
    command = [str(upstream.python), "-m", "conformance.differential.compare", *sys.argv[1:]]
    # The same hashes in both processes, so that sets have the same order.
    environment = upstream.variables(REPOSITORY) | {"PYTHONHASHSEED": "0"}
    sys.exit(subprocess.run(command, env=environment, check=False).returncode)
