# ruff: noqa: N815  # the fields carry the specification's names
"""The objects of an OpenAPI 3.1 document, as pydantic models.

A document is checked against them before it is served, and applications may build parts of it
with them. The records that declarations hold (examples, security schemes) are defined in
`_declare.openapi_records` and are part of this module's names. No document is put together here.

Invariant: fields stand in the order in which their keys appear in a served document, and every
object of the specification accepts extension keys.

Source: OpenAPI 3.1.0, section 4.8; JSON Schema 2020-12 for `Schema`.
"""

from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import AnyUrl, BaseModel, Field
from typing_extensions import deprecated as marked_deprecated

from pronghorn._declare.openapi_records import (
    APIKey,
    APIKeyIn,
    Example,
    HTTPBase,
    HTTPBearer,
    OAuth2,
    OAuthFlow,
    OAuthFlowAuthorizationCode,
    OAuthFlowClientCredentials,
    OAuthFlowImplicit,
    OAuthFlowPassword,
    OAuthFlows,
    OpenIdConnect,
    SecurityBase,
    SecurityScheme,
    SecuritySchemeType,
    SpecificationObject,
)
from pronghorn._openapi.email import ContactEmail, EmailStr

__all__ = [
    "XML",
    "APIKey",
    "APIKeyIn",
    "Components",
    "Contact",
    "Discriminator",
    "EmailStr",
    "Encoding",
    "Example",
    "ExternalDocumentation",
    "HTTPBase",
    "HTTPBearer",
    "Header",
    "Info",
    "License",
    "Link",
    "MediaType",
    "OAuth2",
    "OAuthFlow",
    "OAuthFlowAuthorizationCode",
    "OAuthFlowClientCredentials",
    "OAuthFlowImplicit",
    "OAuthFlowPassword",
    "OAuthFlows",
    "OpenAPI",
    "OpenIdConnect",
    "Operation",
    "Parameter",
    "ParameterBase",
    "ParameterInType",
    "PathItem",
    "Reference",
    "RequestBody",
    "Response",
    "Schema",
    "SchemaOrBool",
    "SchemaType",
    "SecurityBase",
    "SecurityScheme",
    "SecuritySchemeType",
    "Server",
    "ServerVariable",
    "SpecificationObject",
    "Tag",
]


class Contact(SpecificationObject):
    """Whom to ask about the API (4.8.3)."""

    name: str | None = None
    url: AnyUrl | None = None
    email: ContactEmail | None = None


class License(SpecificationObject):
    """The licence of the API, by SPDX identifier or URL (4.8.4)."""

    name: str
    identifier: str | None = None
    url: AnyUrl | None = None


class Info(SpecificationObject):
    """What the API is (4.8.2)."""

    title: str
    summary: str | None = None
    description: str | None = None
    termsOfService: str | None = None
    contact: Contact | None = None
    license: License | None = None
    version: str


class ServerVariable(SpecificationObject):
    """A variable of a server's URL (4.8.6)."""

    enum: Annotated[list[str] | None, Field(min_length=1)] = None
    default: str
    description: str | None = None


class Server(SpecificationObject):
    """Where the API is served; the URL may be relative (4.8.5)."""

    url: AnyUrl | str
    description: str | None = None
    variables: dict[str, ServerVariable] | None = None


class Reference(BaseModel):
    """A pointer at an object elsewhere in the document; no extension keys (4.8.23)."""

    ref: str = Field(alias="$ref")


class Discriminator(BaseModel):
    """How the members of a union are told apart; no extension keys (4.8.25)."""

    propertyName: str
    mapping: dict[str, str] | None = None


class XML(SpecificationObject):
    """How a value is written in XML (4.8.26)."""

    name: str | None = None
    namespace: str | None = None
    prefix: str | None = None
    attribute: bool | None = None
    wrapped: bool | None = None


class ExternalDocumentation(SpecificationObject):
    """A pointer at documentation elsewhere (4.8.11)."""

    description: str | None = None
    url: AnyUrl


SchemaType = Literal["array", "boolean", "integer", "null", "number", "object", "string"]
"""The values of `type` in a JSON schema (JSON Schema Validation 2020-12, 6.1.1)."""

_Count = Annotated[int | None, Field(ge=0)]


class Schema(SpecificationObject):
    """A JSON schema with OpenAPI's additions (4.8.24)."""

    # JSON Schema Core 2020-12, 8: identifiers and references
    schema_: str | None = Field(default=None, alias="$schema")
    vocabulary: str | None = Field(default=None, alias="$vocabulary")
    id: str | None = Field(default=None, alias="$id")
    anchor: str | None = Field(default=None, alias="$anchor")
    dynamicAnchor: str | None = Field(default=None, alias="$dynamicAnchor")
    ref: str | None = Field(default=None, alias="$ref")
    dynamicRef: str | None = Field(default=None, alias="$dynamicRef")
    defs: "dict[str, Schema | bool] | None" = Field(default=None, alias="$defs")
    comment: str | None = Field(default=None, alias="$comment")
    # 10: applicators
    allOf: "list[Schema | bool] | None" = None
    anyOf: "list[Schema | bool] | None" = None
    oneOf: "list[Schema | bool] | None" = None
    not_: "Schema | bool | None" = Field(default=None, alias="not")
    if_: "Schema | bool | None" = Field(default=None, alias="if")
    then: "Schema | bool | None" = None
    else_: "Schema | bool | None" = Field(default=None, alias="else")
    dependentSchemas: "dict[str, Schema | bool] | None" = None
    prefixItems: "list[Schema | bool] | None" = None
    items: "Schema | bool | None" = None
    contains: "Schema | bool | None" = None
    properties: "dict[str, Schema | bool] | None" = None
    patternProperties: "dict[str, Schema | bool] | None" = None
    additionalProperties: "Schema | bool | None" = None
    propertyNames: "Schema | bool | None" = None
    unevaluatedItems: "Schema | bool | None" = None
    unevaluatedProperties: "Schema | bool | None" = None
    # JSON Schema Validation 2020-12, 6: validation
    type: SchemaType | list[SchemaType] | None = None
    enum: list[Any] | None = None
    const: Any | None = None
    multipleOf: float | None = Field(default=None, gt=0)
    maximum: float | None = None
    exclusiveMaximum: float | None = None
    minimum: float | None = None
    exclusiveMinimum: float | None = None
    maxLength: _Count = None
    minLength: _Count = None
    pattern: str | None = None
    maxItems: _Count = None
    minItems: _Count = None
    uniqueItems: bool | None = None
    maxContains: _Count = None
    minContains: _Count = None
    maxProperties: _Count = None
    minProperties: _Count = None
    required: list[str] | None = None
    dependentRequired: dict[str, set[str]] | None = None
    # 7 to 9: formats, contents and annotations
    format: str | None = None
    contentEncoding: str | None = None
    contentMediaType: str | None = None
    contentSchema: "Schema | bool | None" = None
    title: str | None = None
    description: str | None = None
    default: Any | None = None
    deprecated: bool | None = None
    readOnly: bool | None = None
    writeOnly: bool | None = None
    examples: list[Any] | None = None
    # OpenAPI 3.1, 4.8.24.4: the base vocabulary
    discriminator: Discriminator | None = None
    xml: XML | None = None
    externalDocs: ExternalDocumentation | None = None
    example: Annotated[
        Any | None,
        marked_deprecated(
            "Deprecated in OpenAPI 3.1.0 that now uses JSON Schema 2020-12, "
            "although still supported. Use examples instead."
        ),
    ] = None


SchemaOrBool = Schema | bool
"""A schema; `True` accepts everything, `False` nothing (JSON Schema Core 2020-12, 4.3.2)."""


class ParameterInType(Enum):
    """Where a parameter travels (4.8.12.1)."""

    query = "query"
    header = "header"
    path = "path"
    cookie = "cookie"


class Encoding(SpecificationObject):
    """How one property of a form is sent (4.8.15)."""

    contentType: str | None = None
    headers: "dict[str, Header | Reference] | None" = None
    style: str | None = None
    explode: bool | None = None
    allowReserved: bool | None = None


class MediaType(SpecificationObject):
    """A body in one media type (4.8.14)."""

    schema_: Schema | Reference | None = Field(default=None, alias="schema")
    example: Any | None = None
    examples: dict[str, Example | Reference] | None = None
    encoding: dict[str, Encoding] | None = None


class ParameterBase(SpecificationObject):
    """What parameters and response headers share (4.8.12)."""

    description: str | None = None
    required: bool | None = None
    deprecated: bool | None = None
    style: str | None = None
    explode: bool | None = None
    allowReserved: bool | None = None
    schema_: Schema | Reference | None = Field(default=None, alias="schema")
    example: Any | None = None
    examples: dict[str, Example | Reference] | None = None
    content: dict[str, MediaType] | None = None


class Parameter(ParameterBase):
    """A parameter of an operation (4.8.12)."""

    name: str
    in_: ParameterInType = Field(alias="in")


class Header(ParameterBase):
    """A header of a response or of a part of a form (4.8.21)."""


class RequestBody(SpecificationObject):
    """The body of a request, by media type (4.8.13)."""

    description: str | None = None
    content: dict[str, MediaType]
    required: bool | None = None


class Link(SpecificationObject):
    """How a response leads to another operation (4.8.20)."""

    operationRef: str | None = None
    operationId: str | None = None
    parameters: dict[str, Any | str] | None = None
    requestBody: Any | str | None = None
    description: str | None = None
    server: Server | None = None


class Response(SpecificationObject):
    """A reply (4.8.17)."""

    description: str
    headers: dict[str, Header | Reference] | None = None
    content: dict[str, MediaType] | None = None
    links: dict[str, Link | Reference] | None = None


class Operation(SpecificationObject):
    """One method of one path (4.8.10)."""

    tags: list[str] | None = None
    summary: str | None = None
    description: str | None = None
    externalDocs: ExternalDocumentation | None = None
    operationId: str | None = None
    parameters: list[Parameter | Reference] | None = None
    requestBody: RequestBody | Reference | None = None
    # `Any`: what an application adds by hand is passed on, whether or not it is complete.
    responses: dict[str, Response | Any] | None = None
    callbacks: "dict[str, dict[str, PathItem] | Reference] | None" = None
    deprecated: bool | None = None
    security: list[dict[str, list[str]]] | None = None
    servers: list[Server] | None = None


class PathItem(SpecificationObject):
    """The operations of one path (4.8.9)."""

    ref: str | None = Field(default=None, alias="$ref")
    summary: str | None = None
    description: str | None = None
    get: Operation | None = None
    put: Operation | None = None
    post: Operation | None = None
    delete: Operation | None = None
    options: Operation | None = None
    head: Operation | None = None
    patch: Operation | None = None
    trace: Operation | None = None
    servers: list[Server] | None = None
    parameters: list[Parameter | Reference] | None = None


class Components(SpecificationObject):
    """Objects that others refer to (4.8.7)."""

    schemas: dict[str, Schema | Reference] | None = None
    responses: dict[str, Response | Reference] | None = None
    parameters: dict[str, Parameter | Reference] | None = None
    examples: dict[str, Example | Reference] | None = None
    requestBodies: dict[str, RequestBody | Reference] | None = None
    headers: dict[str, Header | Reference] | None = None
    securitySchemes: dict[str, SecurityScheme | Reference] | None = None
    links: dict[str, Link | Reference] | None = None
    callbacks: dict[str, dict[str, PathItem] | Reference | Any] | None = None
    pathItems: dict[str, PathItem | Reference] | None = None


class Tag(SpecificationObject):
    """A tag that operations are grouped by (4.8.22)."""

    name: str
    description: str | None = None
    externalDocs: ExternalDocumentation | None = None


class OpenAPI(SpecificationObject):
    """The whole document (4.8.1)."""

    openapi: str
    info: Info
    jsonSchemaDialect: str | None = None
    servers: list[Server] | None = None
    paths: dict[str, PathItem | Any] | None = None
    webhooks: dict[str, PathItem | Reference] | None = None
    components: Components | None = None
    security: list[dict[str, list[str]]] | None = None
    tags: list[Tag] | None = None
    externalDocs: ExternalDocumentation | None = None
