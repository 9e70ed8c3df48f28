"""What `import pronghorn` must not load: the start-up of every application pays for it.

Runs the import in a fresh interpreter and looks at `sys.modules` afterwards.
"""

import json
import subprocess
import sys

# Modules that belong to a later moment: the command line, a server, the document, telemetry, extras.
FORBIDDEN = (
    "pronghorn.cli",
    "pronghorn.server",
    "pronghorn.dropin",
    "pronghorn.testing",
    "pronghorn.testclient",
    "pronghorn._openapi",
    "pronghorn.openapi",
    "pronghorn.batteries",
    "opentelemetry.sdk",
    "opentelemetry.exporter",
    "starlette.testclient",
    "fastapi",
    "granian",
    "httptools",
    "httpx",
    "httpx2",
    "hypercorn",
    "jinja2",
    "python_multipart",
    "rich",
    "typer",
    "uvicorn",
    "uvloop",
    "watchfiles",
    "websockets",
)

PROGRAM = "import json, sys; import {module}; print(json.dumps(sorted(sys.modules)))"


def loaded_by(module: str = "pronghorn") -> list[str]:
    """Names in `sys.modules` after importing `module` in a fresh interpreter."""
    program = PROGRAM.format(module=module)
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    names: list[str] = json.loads(result.stdout)
    return names


def too_heavy(names: list[str]) -> list[str]:
    """Those of `names` that are forbidden, or lie in a forbidden package."""
    return [name for name in names if any(name == bad or name.startswith(bad + ".") for bad in FORBIDDEN)]


def main() -> int:
    """Print what is too much; 1 when there is any."""
    found = too_heavy(loaded_by())
    for name in found:
        print(f"`import pronghorn` loads {name}: import it where it is used instead")
    print(f"light: {len(found)} modules too many")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
