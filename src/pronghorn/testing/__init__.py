"""Testing an application without a network, from asynchronous code.

For synchronous tests there is `pronghorn.testclient.TestClient`. What lives here runs the application
in the event loop of the test itself, so that a test can use the same database connection, wait for
the same events and hold several requests open at once. Needs httpx2 (`pip install pronghorn[standard]`).
"""

from pronghorn.testing.client import AsyncTestClient
from pronghorn.testing.websocket import WebSocketSession

__all__ = ["AsyncTestClient", "WebSocketSession"]
