"""API key schemes, under their FastAPI module name."""

from pronghorn._declare.security.api_key import APIKeyBase, APIKeyCookie, APIKeyHeader, APIKeyQuery

__all__ = ["APIKeyBase", "APIKeyCookie", "APIKeyHeader", "APIKeyQuery"]
