# ruff: noqa: N803  # arguments are named after the specification's fields
"""OpenID Connect: a pointer at the provider's discovery document.

The scheme hands on the whole `Authorization` header. Discovery and token checks are not done here.
"""

from starlette.requests import HTTPConnection

from pronghorn._declare.openapi_records import OpenIdConnect as OpenIdConnectRecord
from pronghorn._declare.security.base import CredentialScheme

__all__ = ["OpenIdConnect"]


class OpenIdConnect(CredentialScheme):
    """An OpenID Connect scheme. The dependency's value is the `Authorization` header.

    Args:
        openIdConnectUrl: where the provider publishes its configuration.
        scheme_name: the scheme's name in the document; the class's name when `None`.
        description: shown in the document.
        auto_error: refuse with 401 without the header; otherwise give `None`.

    Example:
        >>> OpenIdConnect(openIdConnectUrl="/openid").model.openIdConnectUrl
        '/openid'
    """

    def __init__(
        self,
        *,
        openIdConnectUrl: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        record = OpenIdConnectRecord(openIdConnectUrl=openIdConnectUrl, description=description)
        self._describe(record, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Read the `Authorization` header."""
        return self._found(request.headers.get("Authorization") or None)
