"""A protocol that looks at nothing: what the kernel and the event loop take of a server in Python.

Whatever arrives gets the same answer, with a body that is made anew.
"""

import asyncio
import json
import sys
from email.utils import formatdate

import uvloop

DATE = formatdate(usegmt=True)


class Bare(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        body = json.dumps({"message": "Hello, World!"}).encode()
        head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\ncontent-type: application/json\r\ndate: {DATE}\r\n\r\n"
        self.transport.write(head.encode() + body)


async def main(port):
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
