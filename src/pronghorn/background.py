"""`BackgroundTasks`: work for after the response."""

from pronghorn._base.background import BackgroundTasks

__all__ = ["BackgroundTasks"]
