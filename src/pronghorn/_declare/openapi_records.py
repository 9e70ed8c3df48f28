# ruff: noqa: N815  # the fields carry the specification's names
"""The OpenAPI records that a declaration may hold: examples and security schemes.

Parameters carry `Example`s and security dependencies carry a scheme, so these few records live
with the declarations; the rest of the OpenAPI 3.1 document is in `_openapi.models`, which builds
on them and is loaded only when a document is wanted. Nothing here knows of requests or routes.

Invariant: every object of the specification accepts unknown keys (extensions, `x-...`), and its
fields stand in the order in which they appear in a document.

Source: OpenAPI 3.1.0, sections 4.8.19 (Example Object) and 4.8.27 to 4.8.29 (Security Scheme
Object, OAuth Flows Object, OAuth Flow Object).
"""

from enum import Enum
from typing import Any, ClassVar, Literal

from pydantic import AnyUrl, BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

__all__ = [
    "APIKey",
    "APIKeyIn",
    "Example",
    "HTTPBase",
    "HTTPBearer",
    "OAuth2",
    "OAuthFlow",
    "OAuthFlowAuthorizationCode",
    "OAuthFlowClientCredentials",
    "OAuthFlowImplicit",
    "OAuthFlowPassword",
    "OAuthFlows",
    "OpenIdConnect",
    "SecurityBase",
    "SecurityScheme",
    "SecuritySchemeType",
    "SpecificationObject",
]


class SpecificationObject(BaseModel):
    """An object of the OpenAPI specification, open to extension keys.

    Its validator is built when it is first used: a document builds that of the whole, and no others.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", defer_build=True)


class Example(TypedDict, total=False):
    """A named example of a parameter, body or response (OpenAPI 3.1, 4.8.19).

    Example:
        >>> Example(summary="A normal item", value={"name": "Foo"})
        {'summary': 'A normal item', 'value': {'name': 'Foo'}}
    """

    summary: str | None
    description: str | None
    value: Any | None
    externalValue: AnyUrl | None

    # A TypedDict body may hold annotations only; pydantic reads its configuration from here.
    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]


class SecuritySchemeType(Enum):
    """The values of `type` in a Security Scheme Object."""

    apiKey = "apiKey"
    http = "http"
    oauth2 = "oauth2"
    openIdConnect = "openIdConnect"


class SecurityBase(SpecificationObject):
    """What every Security Scheme Object has (OpenAPI 3.1, 4.8.27)."""

    type_: SecuritySchemeType = Field(alias="type")
    description: str | None = None


class APIKeyIn(Enum):
    """Where an API key travels."""

    query = "query"
    header = "header"
    cookie = "cookie"


class APIKey(SecurityBase):
    """A scheme of type `apiKey`: one named query parameter, header or cookie."""

    type_: SecuritySchemeType = Field(default=SecuritySchemeType.apiKey, alias="type")
    in_: APIKeyIn = Field(alias="in")
    name: str


class HTTPBase(SecurityBase):
    """A scheme of type `http`: the scheme name of an `Authorization` header (RFC 9110, 11.4)."""

    type_: SecuritySchemeType = Field(default=SecuritySchemeType.http, alias="type")
    scheme: str


class HTTPBearer(HTTPBase):
    """The `bearer` HTTP scheme (RFC 6750), with a hint at the token's format."""

    # One name only, where the base takes any.
    scheme: Literal["bearer"] = "bearer"  # pyright: ignore[reportIncompatibleVariableOverride]
    bearerFormat: str | None = None


class OAuthFlow(SpecificationObject):
    """What every OAuth Flow Object has: a refresh URL and scopes with their descriptions."""

    refreshUrl: str | None = None
    scopes: dict[str, str] = {}


class OAuthFlowImplicit(OAuthFlow):
    """The implicit grant (RFC 6749, 4.2)."""

    authorizationUrl: str


class OAuthFlowPassword(OAuthFlow):
    """The resource owner password credentials grant (RFC 6749, 4.3)."""

    tokenUrl: str


class OAuthFlowClientCredentials(OAuthFlow):
    """The client credentials grant (RFC 6749, 4.4)."""

    tokenUrl: str


class OAuthFlowAuthorizationCode(OAuthFlow):
    """The authorization code grant (RFC 6749, 4.1)."""

    authorizationUrl: str
    tokenUrl: str


class OAuthFlows(SpecificationObject):
    """The flows that an OAuth 2 scheme offers (OpenAPI 3.1, 4.8.28)."""

    implicit: OAuthFlowImplicit | None = None
    password: OAuthFlowPassword | None = None
    clientCredentials: OAuthFlowClientCredentials | None = None
    authorizationCode: OAuthFlowAuthorizationCode | None = None


class OAuth2(SecurityBase):
    """A scheme of type `oauth2`."""

    type_: SecuritySchemeType = Field(default=SecuritySchemeType.oauth2, alias="type")
    flows: OAuthFlows


class OpenIdConnect(SecurityBase):
    """A scheme of type `openIdConnect`: where the provider's discovery document is."""

    type_: SecuritySchemeType = Field(default=SecuritySchemeType.openIdConnect, alias="type")
    openIdConnectUrl: str


# The order decides which class a mapping becomes: pydantic picks the best match, the earlier one in a tie.
SecurityScheme = APIKey | HTTPBase | OAuth2 | OpenIdConnect | HTTPBearer
