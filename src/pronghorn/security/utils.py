"""Reading the `Authorization` header, under its FastAPI module name."""

from pronghorn._declare.security.authorization import get_authorization_scheme_param

__all__ = ["get_authorization_scheme_param"]
