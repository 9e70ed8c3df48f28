"""The root class of security schemes, under its FastAPI module name."""

from pronghorn._declare.security.base import SecurityBase

__all__ = ["SecurityBase"]
