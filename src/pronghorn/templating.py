"""Starlette's `Jinja2Templates`; needs Jinja2, which the `standard` extra brings."""

from starlette.templating import Jinja2Templates

__all__ = ["Jinja2Templates"]
