"""A bare RSGI function: what Granian itself takes."""

import json


async def app(scope, protocol):
    body = json.dumps({"message": "Hello, World!"})
    protocol.response_str(200, [("content-type", "application/json")], body)
