"""Starlette's names for HTTP status and WebSocket close codes: `status.HTTP_201_CREATED`."""

# The list of names, former ones with their warning included, is Starlette's.
from starlette.status import *  # noqa: F403  # pyright: ignore[reportWildcardImportFromLibrary]
from starlette.status import __all__, __dir__, __getattr__  # noqa: F401
