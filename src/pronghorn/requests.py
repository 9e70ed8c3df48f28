"""Starlette's `Request`, and `HTTPConnection`: what a request and a WebSocket have in common."""

from starlette.requests import HTTPConnection, Request

__all__ = ["HTTPConnection", "Request"]
