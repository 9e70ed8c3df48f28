"""Runs the examples of one documentation page, as a reader would follow it from top to bottom.

    python -m checks.examples docs/first-steps.md

A page has a folder of its own, empty at the start, which is the current one. Fenced blocks mean:

- `python title="shop/main.py"`: a file of that name; it is written and must import.
- `python`: statements run in the page's namespace; with `>>>` prompts, the output shown is checked.
- `console`: each `$ pronghorn …` (or `$ python -m pronghorn…`) line is run. The lines below it, if any, must
  be its output, where `...` stands for anything; without any it must succeed. `pronghorn dev` and `run` are
  started on a free port and stopped once they answer. Other programs are for the reader only.
- `toml title="pyproject.toml"` and any other titled block: a file, written.

A comment on the line above a fence makes an exception and gives its reason:
`<!-- no-run: needs a cluster -->` shows a block only, `<!-- no-import: … -->` writes a Python file only.
"""

import contextlib
import doctest
import importlib
import io
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FENCE = re.compile(
    r"(?:^ *<!-- (?P<exception>no-run|no-import): [^\n]+ -->\n)?^(?P<indent> *)```(?P<language>[\w-]+)(?P<options>[^\n]*)\n(?P<text>.*?)^(?P=indent)```\s*$",
    re.MULTILINE | re.DOTALL,
)
TITLE = re.compile(r'title="([^"]+)"')
RUNNABLE = re.compile(r"^(pronghorn |python -m pronghorn|python -c )")
SERVING = ("dev", "run")
START_SECONDS = 30.0
STOP_SECONDS = 20.0
DOCTEST_OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, the file it is (or ""), whether it runs or imports, text and line."""

    language: str
    title: str
    runs: bool
    imports: bool
    text: str
    line: int


class ExampleError(Exception):
    """An example does not do what the page says."""


def blocks_of(page: str) -> Iterator[Block]:
    """The fenced blocks of a page, dedented, in order."""
    for match in FENCE.finditer(page):
        indent, options = match["indent"], match["options"]
        title = TITLE.search(options)
        text = "\n".join(line.removeprefix(indent) for line in match["text"].splitlines()) + "\n"
        yield Block(
            language=match["language"],
            title=title[1] if title else "",
            runs=match["exception"] != "no-run",
            imports=match["exception"] != "no-import",
            text=text,
            line=page.count("\n", 0, match.start("indent")) + 1,
        )


def write_file(block: Block) -> None:
    """Put a titled block where its title says; a Python file must import."""
    path = Path(block.title)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text)
    if path.suffix == ".py" and block.runs and block.imports:
        module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        forget(module)
        importlib.import_module(module)


def forget(module: str) -> None:
    """Let the next import of `module` read its file again: a page may show a file in several stages."""
    importlib.invalidate_caches()
    for name in [name for name in sys.modules if name == module or name.startswith(module + ".")]:
        del sys.modules[name]


def run_python(block: Block, namespace: dict[str, Any], page: Path) -> None:
    """Run statements, or compare a session with what it prints now."""
    where = f"{page}:{block.line}"
    if ">>>" not in block.text:
        exec(compile("\n" * block.line + block.text, str(page), "exec"), namespace)
        return
    test = doctest.DocTestParser().get_doctest(block.text, namespace, where, str(page), block.line)
    report = io.StringIO()
    results = doctest.DocTestRunner(optionflags=DOCTEST_OPTIONS).run(
        test, out=report.write, clear_globs=False
    )
    namespace.update(test.globs)
    if results.failed:
        raise ExampleError(report.getvalue())


def commands_of(text: str) -> Iterator[tuple[str, str]]:
    """The `$` lines of a console block, each with the output shown below it."""
    command, shown = "", list[str]()
    for line in [*text.splitlines(), "$ "]:
        if not line.startswith("$ "):
            shown.append(line)
            continue
        if command:
            yield command, "\n".join(shown)
        command, shown = line[2:], []


def run_console(block: Block, page: Path) -> None:
    """Run the commands of a console block and compare what they print."""
    for command, shown in commands_of(block.text):
        if not RUNNABLE.match(command):
            continue
        program, *arguments = shlex.split(command, comments=True)
        serves = program == "pronghorn" and arguments[0] in SERVING
        line = [sys.executable, *(("-m", "pronghorn") if program == "pronghorn" else ()), *arguments]
        fails = re.search(r"^error ", shown, re.MULTILINE) is not None
        status, printed = serve(line, fails=fails) if serves else run(line)
        if matches(shown, printed) if shown else status == 0:
            continue
        where = f"{page}:{block.line}"
        raise ExampleError(
            f"{where}: `{command}` (status {status}) printed\n{printed}\nthe page shows\n{shown}"
        )


def run(command: list[str]) -> tuple[int, str]:
    """Exit status and output of a command."""
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    result = subprocess.run(
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    return result.returncode, result.stdout


def serve(command: list[str], *, fails: bool) -> tuple[int, str]:
    """Start a server on a free port, wait until it answers, stop it; 0 when it did both.

    One that ``fails`` is waited for to its own end, which may be after its workers have found something wrong.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [*command, "--host", "127.0.0.1", "--port", str(port)]
    with (
        tempfile.TemporaryFile("w+") as output,
        subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        if fails:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(START_SECONDS)
            status = 1
        else:
            status = 0 if wait_answering(process, port) else 1
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            status = 1
            output.write(f"did not stop within {STOP_SECONDS:.0f} s")
        output.seek(0)
        return status, output.read()


def wait_answering(process: "subprocess.Popen[bytes]", port: int) -> bool:
    """Whether the server answers before it ends or its time is over.

    A socket may be there long before the processes that serve it, of which some hear no signal while they start.
    """
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as probe:
            probe.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            probe.recv(1)
            return True
        time.sleep(0.05)
    return False


def matches(shown: str, printed: str) -> bool:
    """Whether output is what a page shows; spaces at line ends do not count, `...` stands for anything."""
    wanted = [line.rstrip() for line in shown.strip().splitlines()]
    pattern = "\n".join(re.escape(line).replace(r"\.\.\.", ".*") for line in wanted)
    found = "\n".join(line.rstrip() for line in printed.strip().splitlines())
    return re.fullmatch(pattern, found, re.DOTALL) is not None


def run_page(page: Path) -> int:
    """Run every block of a page in an empty folder; how many were run."""
    blocks = [block for block in blocks_of(page.read_text("utf-8")) if block.runs or block.title]
    namespace: dict[str, Any] = {"__name__": "example"}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        sys.path.insert(0, folder)
        for block in blocks:
            if block.title:
                write_file(block)
            elif block.language == "python":
                run_python(block, namespace, page)
            elif block.language == "console":
                run_console(block, page)
    return len(blocks)


if __name__ == "__main__":
    print(f"{run_page(Path(sys.argv[1]).resolve())} examples")
