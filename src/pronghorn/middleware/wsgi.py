"""`WSGIMiddleware`: runs a WSGI application inside an ASGI one."""

from starlette.middleware.wsgi import WSGIMiddleware

__all__ = ["WSGIMiddleware"]
