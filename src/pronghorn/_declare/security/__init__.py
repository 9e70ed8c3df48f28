"""Security schemes: dependencies that read credentials and describe themselves in OpenAPI.

One module per kind of scheme. A scheme only finds the credentials in a connection; whether they
are any good is for the application to say. Nothing here compares, stores or decodes a secret.

Invariant: every scheme's `__call__` takes one `HTTPConnection` (so it serves WebSockets too) and
is an `async def` that never awaits, which lets the engine step it in place.
"""
