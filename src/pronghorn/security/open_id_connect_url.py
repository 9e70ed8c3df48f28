"""The OpenID Connect scheme, under its FastAPI module name."""

from pronghorn._declare.security.open_id_connect import OpenIdConnect

__all__ = ["OpenIdConnect"]
