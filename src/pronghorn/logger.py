"""The framework's logger, named `fastapi` so that existing logging configuration applies."""

from pronghorn._base.logger import logger

__all__ = ["logger"]
