"""The commands in the example's README, run as they stand against the shop on the native server."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import ROOT
from .test_bookshop_books import PNG

README = (ROOT / "examples" / "bookshop" / "README.md").read_text(encoding="utf-8")


def commands() -> str:
    """Return the README's indented lines of shell that talk to the shop."""
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", README, re.MULTILINE)
    return "\n".join(block for block in blocks if "curl" in block)


def test_its_commands_work(address: str, tmp_path: Path) -> None:
    bash, curl = shutil.which("bash"), shutil.which("curl")
    if bash is None or curl is None:
        pytest.skip("bash or curl is missing (Debian: apt-get install bash curl)")
    (tmp_path / "cover.png").write_bytes(PNG)
    # A feed never ends by itself: curl's exit status 28 says that the time was up.
    script = re.sub(r"^ +curl -N .*", r"\g<0> -m 2 -o feed || test $? = 28", commands(), flags=re.MULTILINE)
    script = script.replace("http://127.0.0.1:8000", address).replace("curl ", "curl -sS --fail-with-body ")
    done = subprocess.run(
        [bash, "-eu"], input=script, cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len((tmp_path / "books.jsonl").read_text(encoding="utf-8").splitlines()) > 500
    assert (tmp_path / "first-hundred-bytes").read_bytes() == PNG[:100]
    feed = (tmp_path / "feed").read_text(encoding="utf-8")
    events = re.findall(r"^data: (.*)$", feed, re.MULTILINE)
    # Other tests may have ordered from the same shop before.
    assert json.loads(events[-1])["copies"] == 2
