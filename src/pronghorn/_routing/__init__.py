"""Paths to targets: which registered pattern a request's path belongs to, and back again.

Here live the pattern of a path template, the table that finds the earliest matching entry at a cost
that does not grow with the number of routes, and the building of paths from names. Targets are
opaque: nothing here knows of endpoints, requests or replies.

Invariant: every answer equals that of a linear scan over the entries, in registration order, with
Starlette's own regular expressions.
"""

from pronghorn._routing.pattern import PathPattern, PathTemplateError
from pronghorn._routing.table import Entry, RouteTable

__all__ = ["Entry", "PathPattern", "PathTemplateError", "RouteTable"]
