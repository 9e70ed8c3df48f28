"""Starlette's `StaticFiles`: an application that serves a directory."""

from starlette.staticfiles import StaticFiles

__all__ = ["StaticFiles"]
