"""`TrustedHostMiddleware`: refuses requests for hosts that are not ours."""

from starlette.middleware.trustedhost import TrustedHostMiddleware

__all__ = ["TrustedHostMiddleware"]
