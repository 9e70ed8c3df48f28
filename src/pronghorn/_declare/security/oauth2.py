# ruff: noqa: N803  # arguments are named after the specification's fields
"""OAuth 2: the token schemes, the password form, and the scopes that a dependant asked for.

The schemes find the token and describe the flows; issuing and checking tokens is the
application's part.

Source: RFC 6749 (4.3.2 for the form), RFC 6750.
"""

from typing import Annotated, Any, ClassVar

from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import HTTPConnection

from pronghorn._base.errors import HTTPException
from pronghorn._declare.openapi_records import OAuth2 as OAuth2Record
from pronghorn._declare.openapi_records import OAuthFlows
from pronghorn._declare.params import Form
from pronghorn._declare.security.authorization import get_authorization_scheme_param
from pronghorn._declare.security.base import CredentialScheme

__all__ = [
    "OAuth2",
    "OAuth2AuthorizationCodeBearer",
    "OAuth2PasswordBearer",
    "OAuth2PasswordRequestForm",
    "OAuth2PasswordRequestFormStrict",
    "SecurityScopes",
]


class OAuth2PasswordRequestForm:
    """The form of a password grant (RFC 6749, 4.3.2), as a dependency.

    Args:
        grant_type: `password` by the RFC; may be left out here. See the strict variant.
        username: the user's name.
        password: the user's password.
        scope: the wanted scopes, separated by blanks; kept as the list `scopes`.
        client_id: identifies the client, where the client does not use HTTP Basic for it.
        client_secret: the client's secret, likewise.

    Example:
        >>> OAuth2PasswordRequestForm(username="ada", password="x", scope="me items").scopes
        ['me', 'items']
    """

    def __init__(
        self,
        *,
        grant_type: Annotated[str | None, Form(pattern="^password$")] = None,
        username: Annotated[str, Form()],
        password: Annotated[str, Form(json_schema_extra={"format": "password"})],
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form(json_schema_extra={"format": "password"})] = None,
    ) -> None:
        self.grant_type = grant_type
        self.username = username
        self.password = password
        self.scopes = scope.split()
        self.client_id = client_id
        self.client_secret = client_secret


class OAuth2PasswordRequestFormStrict(OAuth2PasswordRequestForm):
    """The form of a password grant, where `grant_type` must be there and say `password`.

    Args:
        grant_type: `password`.
        username: the user's name.
        password: the user's password.
        scope: the wanted scopes, separated by blanks; kept as the list `scopes`.
        client_id: identifies the client, where the client does not use HTTP Basic for it.
        client_secret: the client's secret, likewise.
    """

    def __init__(
        self,
        grant_type: Annotated[str, Form(pattern="^password$")],
        username: Annotated[str, Form()],
        password: Annotated[str, Form()],
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form()] = None,
    ) -> None:
        super().__init__(
            grant_type=grant_type,
            username=username,
            password=password,
            scope=scope,
            client_id=client_id,
            client_secret=client_secret,
        )


class OAuth2(CredentialScheme):
    """An OAuth 2 scheme with any flows. The dependency's value is the `Authorization` header.

    Args:
        flows: the flows on offer, as records or as the mapping that the document shows.
        scheme_name: the scheme's name in the document; the class's name when `None`.
        description: shown in the document.
        auto_error: refuse with 401 without the header; otherwise give `None`.
    """

    _error_class: ClassVar[type[StarletteHTTPException]] = HTTPException
    model: OAuth2Record

    def __init__(
        self,
        *,
        flows: OAuthFlows | dict[str, dict[str, Any]] = OAuthFlows(),
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        record = OAuth2Record.model_validate({"flows": flows, "description": description})
        self._describe(record, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Read the `Authorization` header."""
        return self._found(request.headers.get("Authorization") or None)

    def _bearer_token(self, request: HTTPConnection) -> str | None:
        """The bearer token of the request, or a refusal."""
        scheme, token = get_authorization_scheme_param(request.headers.get("Authorization"))
        return self._found(token if scheme.lower() == "bearer" else None)


class OAuth2PasswordBearer(OAuth2):
    """The password flow. The dependency's value is the bearer token.

    Args:
        tokenUrl: where the token is fetched: the path operation that takes the password form.
        scheme_name: the scheme's name in the document; the class's name when `None`.
        scopes: the scopes that exist, with their descriptions.
        description: shown in the document.
        auto_error: refuse with 401 without a bearer token; otherwise give `None`.
        refreshUrl: where the token is renewed.

    Example:
        >>> OAuth2PasswordBearer(tokenUrl="token").model.flows.password.tokenUrl
        'token'
    """

    def __init__(
        self,
        tokenUrl: str,
        scheme_name: str | None = None,
        scopes: dict[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
        refreshUrl: str | None = None,
    ) -> None:
        flow = {"tokenUrl": tokenUrl, "refreshUrl": refreshUrl, "scopes": scopes or {}}
        super().__init__(
            flows={"password": flow},
            scheme_name=scheme_name,
            description=description,
            auto_error=auto_error,
        )

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Read the bearer token."""
        return self._bearer_token(request)


class OAuth2AuthorizationCodeBearer(OAuth2):
    """The authorization code flow. The dependency's value is the bearer token.

    Args:
        authorizationUrl: where the user is asked for consent.
        tokenUrl: where the code is exchanged for a token.
        refreshUrl: where the token is renewed.
        scheme_name: the scheme's name in the document; the class's name when `None`.
        scopes: the scopes that exist, with their descriptions.
        description: shown in the document.
        auto_error: refuse with 401 without a bearer token; otherwise give `None`.
    """

    def __init__(
        self,
        authorizationUrl: str,
        tokenUrl: str,
        refreshUrl: str | None = None,
        scheme_name: str | None = None,
        scopes: dict[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        flow = {
            "authorizationUrl": authorizationUrl,
            "tokenUrl": tokenUrl,
            "refreshUrl": refreshUrl,
            "scopes": scopes or {},
        }
        super().__init__(
            flows={"authorizationCode": flow},
            scheme_name=scheme_name,
            description=description,
            auto_error=auto_error,
        )

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Read the bearer token."""
        return self._bearer_token(request)


class SecurityScopes:
    """The scopes asked for by a dependency and all that depend on it; injected by annotation.

    Args:
        scopes: the scopes, outermost dependant first.

    Attributes:
        scopes: the same list.
        scope_str: the scopes joined by blanks, as `WWW-Authenticate` wants them (RFC 6750, 3).

    Example:
        >>> SecurityScopes(["me", "items"]).scope_str
        'me items'
    """

    def __init__(self, scopes: list[str] | None = None) -> None:
        self.scopes: list[str] = scopes or []
        self.scope_str: str = " ".join(self.scopes)
