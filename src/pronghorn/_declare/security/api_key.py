"""API keys: one opaque value in the query, a header or a cookie.

The key is handed on as it came; comparing it with the right one is the application's part.
"""

from typing import ClassVar

from starlette.requests import HTTPConnection

from pronghorn._declare.openapi_records import APIKey, APIKeyIn
from pronghorn._declare.security.base import CredentialScheme

__all__ = ["APIKeyBase", "APIKeyCookie", "APIKeyHeader", "APIKeyQuery"]


class APIKeyBase(CredentialScheme):
    """What the three API key schemes share.

    Args:
        location: where the key travels.
        name: the query parameter's, header's or cookie's name.
        description: shown in the document.
        scheme_name: the scheme's name in the document; the class's name when `None`.
        auto_error: refuse with 401 when the key is absent or empty; otherwise give `None`.
    """

    # RFC 9110 registers no scheme for API keys, but a 401 must carry a challenge.
    _challenge: ClassVar[str] = "APIKey"
    model: APIKey

    def __init__(
        self,
        location: APIKeyIn,
        name: str,
        description: str | None,
        scheme_name: str | None,
        auto_error: bool,
    ) -> None:
        record = APIKey.model_validate({"in": location, "name": name, "description": description})
        self._describe(record, scheme_name, auto_error)

    def check_api_key(self, api_key: str | None) -> str | None:
        """Give the key back, or refuse when it is absent or empty.

        Args:
            api_key: what the connection carried.

        Raises:
            HTTPException: 401, when there is no key and `auto_error` is set.
        """
        return self._found(api_key or None)


class APIKeyQuery(APIKeyBase):
    """An API key in a query parameter. The dependency's value is the key.

    Args:
        name: the query parameter's name.
        scheme_name: the scheme's name in the document; the class's name when `None`.
        description: shown in the document.
        auto_error: refuse with 401 when the key is absent or empty; otherwise give `None`.

    Example:
        >>> APIKeyQuery(name="api_key").scheme_name
        'APIKeyQuery'
    """

    def __init__(
        self,
        *,
        name: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(APIKeyIn.query, name, description, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Read the key from the query."""
        return self.check_api_key(request.query_params.get(self.model.name))


class APIKeyHeader(APIKeyBase):
    """An API key in a header. The dependency's value is the key.

    Args:
        name: the header's name, in any case.
        scheme_name: the scheme's name in the document; the class's name when `None`.
        description: shown in the document.
        auto_error: refuse with 401 when the key is absent or empty; otherwise give `None`.

    Example:
        >>> APIKeyHeader(name="X-Key", auto_error=False).model.name
        'X-Key'
    """

    def __init__(
        self,
        *,
        name: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(APIKeyIn.header, name, description, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Read the key from the headers."""
        return self.check_api_key(request.headers.get(self.model.name))


class APIKeyCookie(APIKeyBase):
    """An API key in a cookie. The dependency's value is the key.

    Args:
        name: the cookie's name.
        scheme_name: the scheme's name in the document; the class's name when `None`.
        description: shown in the document.
        auto_error: refuse with 401 when the key is absent or empty; otherwise give `None`.

    Example:
        >>> APIKeyCookie(name="session", scheme_name="Session").scheme_name
        'Session'
    """

    def __init__(
        self,
        *,
        name: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(APIKeyIn.cookie, name, description, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Read the key from the cookies."""
        return self.check_api_key(request.cookies.get(self.model.name))
