"""The root of all security schemes, and what the ones defined here share.

`SecurityBase` is the marker by which a dependency is recognised as a scheme; it promises two
attributes and nothing else, so that an application's own scheme may be anything callable.
`CredentialScheme` adds the one decision that all built-in schemes take: refuse or return `None`.
"""

from typing import ClassVar, TypeVar

from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.status import HTTP_401_UNAUTHORIZED

from pronghorn._declare.openapi_records import SecurityBase as SchemeRecord

__all__ = ["CredentialScheme", "SecurityBase"]

_Credentials = TypeVar("_Credentials")


class SecurityBase:
    """Marks a dependency as a security scheme.

    An instance used with `Depends` or `Security` adds its `model` to the document's
    `securitySchemes` under `scheme_name`, and names it in the operation's `security`.

    Attributes:
        model: the scheme as the OpenAPI document shows it.
        scheme_name: the key of the scheme in the document; schemes with one name share an entry.
    """

    model: SchemeRecord
    scheme_name: str


class CredentialScheme(SecurityBase):
    """A scheme that answers 401 when the connection carries no usable credentials.

    Attributes:
        auto_error: refuse the request (`True`), or hand `None` to the path operation so that
            several schemes can be offered as alternatives (`False`).
    """

    auto_error: bool

    # Sent as `WWW-Authenticate`, which RFC 9110 (15.5.2) requires of every 401.
    _challenge: ClassVar[str] = "Bearer"
    # Which exception class is raised is visible: handlers are looked up by class.
    _error_class: ClassVar[type[StarletteHTTPException]] = StarletteHTTPException

    def _describe(self, model: SchemeRecord, scheme_name: str | None, auto_error: bool) -> None:
        """Set what every scheme has; an unnamed scheme is called after its class."""
        self.model = model
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error

    def _authenticate_headers(self) -> dict[str, str]:
        """The headers that tell a refused client how to authenticate."""
        return {"WWW-Authenticate": self._challenge}

    def make_not_authenticated_error(self) -> StarletteHTTPException:
        """Build the error for a connection without usable credentials.

        Override it to answer with another status, body or header.

        Returns:
            A 401 whose `WWW-Authenticate` header names the scheme.
        """
        return self._error_class(
            status_code=HTTP_401_UNAUTHORIZED,
            detail="Not authenticated",
            headers=self._authenticate_headers(),
        )

    def _found(self, credentials: _Credentials | None) -> _Credentials | None:
        """The credentials that were found; without any, the 401 or `None`, as `auto_error` says."""
        if credentials is None and self.auto_error:
            raise self.make_not_authenticated_error()
        return credentials
