"""Server-Sent Events: the response class, single events and their wire form."""

from pronghorn._base.sse import KEEPALIVE_COMMENT, EventSourceResponse, ServerSentEvent, format_sse_event

__all__ = ["KEEPALIVE_COMMENT", "EventSourceResponse", "ServerSentEvent", "format_sse_event"]
