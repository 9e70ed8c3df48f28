"""Just enough of a language client to ask what an editor would offer (Language Server Protocol 3.17)."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

SERVER = Path(sys.executable).with_name("pyright-langserver")


class LanguageServer:
    """A conversation with a language server over its standard input and output."""

    def __init__(self, requests: IO[bytes], replies: IO[bytes]) -> None:
        self._requests = requests
        self._replies = replies
        self._last_id = 0

    def notify(self, method: str, params: dict[str, Any]) -> None:
        """Tell the server something."""
        self._write({"method": method, "params": params})

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        """Ask the server something; its result."""
        self._last_id += 1
        self._write({"id": self._last_id, "method": method, "params": params})
        while True:
            message = self._read()
            if "method" in message:
                self._answer(message)
            elif message.get("id") == self._last_id:
                return message["result"]

    def _answer(self, message: dict[str, Any]) -> None:
        """What the server asks of us gets the least that it accepts; its notifications nothing."""
        if "id" in message:
            wanted = (
                message["params"].get("items", []) if message["method"] == "workspace/configuration" else None
            )
            self._write({"id": message["id"], "result": None if wanted is None else [{} for _ in wanted]})

    def _write(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._requests.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._requests.flush()

    def _read(self) -> dict[str, Any]:
        length = 0
        while line := self._replies.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            raise EOFError("the language server has ended")
        message: dict[str, Any] = json.loads(self._replies.read(length))
        return message


@contextmanager
def language_server(root: Path) -> Iterator[LanguageServer]:
    """Pyright's language server, started for the project at `root`."""
    process = subprocess.Popen(
        [SERVER, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        server = LanguageServer(process.stdin, process.stdout)
        folder = {"uri": root.as_uri(), "name": root.name}
        opening: dict[str, Any] = {
            "processId": None,
            "rootUri": root.as_uri(),
            "capabilities": {},
            "workspaceFolders": [folder],
        }
        server.ask("initialize", opening)
        server.notify("initialized", {})
        try:
            yield server
        finally:
            process.kill()


def completions(server: LanguageServer, file: Path, text: str) -> list[str]:
    """What is offered at the end of `text`, standing in `file` (which need not exist)."""
    document = {"uri": file.as_uri(), "languageId": "python", "version": 1, "text": text}
    server.notify("textDocument/didOpen", {"textDocument": document})
    line = text.count("\n")
    position = {"line": line, "character": len(text) - (text.rfind("\n") + 1)}
    place = {"textDocument": {"uri": file.as_uri()}, "position": position}
    result = server.ask("textDocument/completion", place)
    server.notify("textDocument/didClose", {"textDocument": {"uri": file.as_uri()}})
    items = result["items"] if isinstance(result, dict) else result or []
    return [item["label"] for item in items]
