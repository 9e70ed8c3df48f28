# ruff: noqa: N803  # arguments are named after the specification's fields
"""HTTP authentication schemes: Basic, Bearer, Digest and any other by its name.

They take the `Authorization` header apart. Only Basic is decoded (RFC 7617); the credentials of
the others are handed on as text.
"""

import base64
from typing import ClassVar

from pydantic import BaseModel
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import HTTPConnection

from pronghorn._base.errors import HTTPException
from pronghorn._declare.openapi_records import HTTPBase as HTTPRecord
from pronghorn._declare.openapi_records import HTTPBearer as HTTPBearerRecord
from pronghorn._declare.security.authorization import get_authorization_scheme_param
from pronghorn._declare.security.base import CredentialScheme

__all__ = [
    "HTTPAuthorizationCredentials",
    "HTTPBase",
    "HTTPBasic",
    "HTTPBasicCredentials",
    "HTTPBearer",
    "HTTPDigest",
]


class HTTPBasicCredentials(BaseModel):
    """A user name and password, as `HTTPBasic` found them.

    Attributes:
        username: all before the first colon.
        password: all after it.
    """

    username: str
    password: str


class HTTPAuthorizationCredentials(BaseModel):
    """An `Authorization` header taken apart.

    Attributes:
        scheme: the scheme as the client wrote it, such as `Bearer`.
        credentials: what followed the scheme.
    """

    scheme: str
    credentials: str


class HTTPBase(CredentialScheme):
    """Any HTTP authentication scheme. The dependency's value has its scheme and credentials.

    Args:
        scheme: the scheme's name as the IANA registry spells it.
        scheme_name: the scheme's name in the document; the class's name when `None`.
        description: shown in the document.
        auto_error: refuse with 401 without credentials; otherwise give `None`.
    """

    _error_class: ClassVar[type[StarletteHTTPException]] = HTTPException
    model: HTTPRecord

    def __init__(
        self,
        *,
        scheme: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        self._describe(HTTPRecord(scheme=scheme, description=description), scheme_name, auto_error)

    def make_authenticate_headers(self) -> dict[str, str]:
        """The headers of a refusal: the scheme's name as the challenge."""
        return {"WWW-Authenticate": self.model.scheme.title()}

    def _authenticate_headers(self) -> dict[str, str]:
        return self.make_authenticate_headers()

    def _read(self, request: HTTPConnection, expected: str | None) -> HTTPAuthorizationCredentials | None:
        """Take the header apart; refuse when it is incomplete or of another scheme than expected."""
        header = request.headers.get("Authorization")
        scheme, credentials = get_authorization_scheme_param(header)
        # RFC 9110, 11.1: the scheme's name is case-insensitive.
        if not (scheme and credentials) or expected not in (None, scheme.lower()):
            return self._found(None)
        return HTTPAuthorizationCredentials(scheme=scheme, credentials=credentials)

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        """Read the credentials of whatever scheme the client used."""
        return self._read(request, expected=None)


class HTTPBearer(HTTPBase):
    """Bearer tokens (RFC 6750). The dependency's value has the scheme and the token.

    Args:
        bearerFormat: a hint for readers of the document at the token's form, such as `JWT`.
        scheme_name: the scheme's name in the document; the class's name when `None`.
        description: shown in the document.
        auto_error: refuse with 401 without a bearer token; otherwise give `None`.

    Example:
        >>> HTTPBearer(bearerFormat="JWT").model.scheme
        'bearer'
    """

    def __init__(
        self,
        *,
        bearerFormat: str | None = None,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        record = HTTPBearerRecord(bearerFormat=bearerFormat, description=description)
        self._describe(record, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        """Read the bearer token."""
        return self._read(request, expected="bearer")


class HTTPDigest(HTTPBase):
    """Digest credentials (RFC 7616), found but not checked: that needs the user's password.

    Args:
        scheme_name: the scheme's name in the document; the class's name when `None`.
        description: shown in the document.
        auto_error: refuse with 401 without digest credentials; otherwise give `None`.
    """

    def __init__(
        self,
        *,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(
            scheme="digest", scheme_name=scheme_name, description=description, auto_error=auto_error
        )

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        """Read the digest credentials."""
        return self._read(request, expected="digest")


class HTTPBasic(HTTPBase):
    """Basic credentials (RFC 7617). The dependency's value is the user name and password.

    Args:
        scheme_name: the scheme's name in the document; the class's name when `None`.
        realm: names the protected space in the challenge; browsers show it.
        description: shown in the document.
        auto_error: refuse with 401 when the client did not use Basic; otherwise give `None`.
            Credentials that cannot be decoded are refused in either case.

    Example:
        >>> HTTPBasic(realm="staff").make_authenticate_headers()
        {'WWW-Authenticate': 'Basic realm="staff"'}
    """

    def __init__(
        self,
        *,
        scheme_name: str | None = None,
        realm: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(
            scheme="basic", scheme_name=scheme_name, description=description, auto_error=auto_error
        )
        self.realm = realm

    def make_authenticate_headers(self) -> dict[str, str]:
        """The headers of a refusal: `Basic`, with the realm where there is one."""
        return {"WWW-Authenticate": f'Basic realm="{self.realm}"' if self.realm else "Basic"}

    # Basic promises more than "an Authorization header": its value is decoded.
    async def __call__(  # type: ignore[override]
        self, request: HTTPConnection
    ) -> HTTPBasicCredentials | None:
        """Read and decode the user name and password."""
        scheme, encoded = get_authorization_scheme_param(request.headers.get("Authorization"))
        if scheme.lower() != "basic":
            return self._found(None)
        try:
            pair = base64.b64decode(encoded).decode("ascii")
        except ValueError as error:  # not base64, or not ASCII
            raise self.make_not_authenticated_error() from error
        username, separator, password = pair.partition(":")
        if not separator:
            raise self.make_not_authenticated_error()
        return HTTPBasicCredentials(username=username, password=password)
