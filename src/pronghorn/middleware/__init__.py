"""Middleware: Starlette's classes, each in a module of its own, and `Middleware` to list them."""

from starlette.middleware import Middleware

__all__ = ["Middleware"]
