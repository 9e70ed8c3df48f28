"""The whole OpenAPI document of an application.

Collects the schemas of all routes, describes each route, and checks the result against the
specification's models. What a part looks like is settled in the modules below.

Invariant: the same routes give the same document, key order included; schemas are sorted by name.

Source: OpenAPI 3.1.0.
"""

from collections.abc import Sequence
from typing import Any

from pronghorn._openapi.models import OpenAPI
from pronghorn._openapi.operations import build_path
from pronghorn._openapi.protocols import iter_documented
from pronghorn._openapi.schemas import FieldSchemas, build_schemas, collect_fields
from pronghorn._schema.encoder import jsonable_encoder

__all__ = ["get_openapi"]


def get_openapi(
    *,
    title: str,
    version: str,
    openapi_version: str = "3.1.0",
    summary: str | None = None,
    description: str | None = None,
    routes: Sequence[Any],
    webhooks: Sequence[Any] | None = None,
    tags: list[dict[str, Any]] | None = None,
    servers: list[dict[str, str | Any]] | None = None,
    terms_of_service: str | None = None,
    contact: dict[str, str | Any] | None = None,
    license_info: dict[str, str | Any] | None = None,
    separate_input_output_schemas: bool = True,
    external_docs: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Build the OpenAPI document of a set of routes.

    Args:
        title: the API's name.
        version: the API's version, not OpenAPI's.
        openapi_version: the version of OpenAPI that the document says it follows.
        summary: the API in a few words.
        description: the API at length, in Markdown.
        routes: the routes to show, or route contexts; other than API routes are passed over.
        webhooks: routes that describe what the API will send.
        tags: tags with their descriptions, in the order in which tools should show them.
        servers: where the API is served.
        terms_of_service: the URL of the terms.
        contact: whom to ask: `name`, `url`, `email`.
        license_info: the licence: `name` and `identifier` or `url`.
        separate_input_output_schemas: show a model twice where what it accepts differs from what
            it sends.
        external_docs: documentation elsewhere: `url`, `description`.

    Returns:
        The document, ready for `json.dumps`.

    Raises:
        ValidationError: what was passed, or put into `openapi_extra`, does not fit OpenAPI.

    Example:
        >>> get_openapi(title="Books", version="1", routes=[])
        {'openapi': '3.1.0', 'info': {'title': 'Books', 'version': '1'}, 'paths': {}}
    """
    info = {
        "title": title,
        "version": version,
        "summary": summary,
        "description": description,
        "termsOfService": terms_of_service,
        "contact": contact,
        "license": license_info,
    }
    fields = collect_fields([*routes, *(webhooks or ())])
    schemas, definitions = build_schemas(fields, separate_input_output_schemas)
    contents = _Contents(schemas, definitions)
    document = {
        "openapi": openapi_version,
        # An empty text or object says nothing; the required ones stay.
        "info": {key: value for key, value in info.items() if value or key in ("title", "version")},
        "servers": servers,
        "paths": contents.describe(routes),
        "webhooks": contents.describe(webhooks or ()),
        "components": contents.components(),
        "tags": tags,
        "externalDocs": external_docs,
    }
    shown = {key: value for key, value in document.items() if value or key in ("openapi", "paths")}
    result: dict[str, Any] = jsonable_encoder(OpenAPI.model_validate(shown), by_alias=True, exclude_none=True)
    return result


class _Contents:
    """Gathers what the routes add to a document while they are described one by one."""

    def __init__(self, schemas: FieldSchemas, definitions: dict[str, dict[str, Any]]) -> None:
        self._schemas = schemas
        self._definitions = definitions
        self._security_schemes: dict[str, Any] = {}
        self._operation_ids: set[str] = set()

    def describe(self, routes: Sequence[Any]) -> dict[str, dict[str, Any]]:
        """The operations of these routes by path, in registration order."""
        paths: dict[str, dict[str, Any]] = {}
        for route in iter_documented(routes):
            path = build_path(route, self._operation_ids, self._schemas)
            if path.operations:
                paths.setdefault(route.path_format, {}).update(path.operations)
            self._security_schemes |= path.security_schemes
            self._definitions |= path.definitions
        return paths

    def components(self) -> dict[str, Any]:
        """What the described operations refer to."""
        schemas = {name: self._definitions[name] for name in sorted(self._definitions)}
        parts = {"schemas": schemas, "securitySchemes": self._security_schemes}
        return {name: part for name, part in parts.items() if part}
