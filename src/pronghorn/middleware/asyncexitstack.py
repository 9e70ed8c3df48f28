"""`AsyncExitStackMiddleware`: gives each request a stack of things to close when it is over."""

from pronghorn._base.exit_stack import AsyncExitStackMiddleware

__all__ = ["AsyncExitStackMiddleware"]
