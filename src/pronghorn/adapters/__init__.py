"""Ways to be served by servers that speak neither ASGI nor our own protocol.

Lives here: one module per protocol. Must not live here: routes, parameters, sockets. Loaded by an
application only when such a server calls it.
"""
