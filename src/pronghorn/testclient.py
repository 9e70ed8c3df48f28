"""Starlette's `TestClient`; needs an HTTP client library, which the `standard` extra brings."""

from starlette.testclient import TestClient

__all__ = ["TestClient"]
