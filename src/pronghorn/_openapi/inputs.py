"""What an operation takes from a request besides its body: parameters and security schemes.

A route's dependants are walked once, in the order in which they run; a dependency that is used
twice is shown once. Nothing here looks at signatures: fields come from the compiled dependants.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pronghorn._base.sentinels import Unset
from pronghorn._compile.dependant import (
    Dependant,
    cache_key,
    is_security_scheme,
    oauth_scopes,
    security_scheme,
)
from pronghorn._compile.models import flat_fields_from_params, param_model
from pronghorn._declare.params import ParamTypes
from pronghorn._openapi.schemas import FieldSchemas
from pronghorn._schema.encoder import jsonable_encoder
from pronghorn._schema.field import ModelField, param_aliases

__all__ = ["OperationInputs", "build_parameters", "build_security", "collect_inputs", "examples_of"]


@dataclass(slots=True)
class OperationInputs:
    """All parameters and security schemes of an operation, its dependencies' included.

    Attributes:
        path_params: the fields taken from the path.
        query_params: the fields taken from the query.
        header_params: the fields taken from the headers.
        cookie_params: the fields taken from the cookies.
        security_dependencies: each security scheme's dependant with the scopes asked of it,
            outermost first.
    """

    path_params: list[ModelField] = field(default_factory=list)
    query_params: list[ModelField] = field(default_factory=list)
    header_params: list[ModelField] = field(default_factory=list)
    cookie_params: list[ModelField] = field(default_factory=list)
    security_dependencies: list[tuple[Dependant, list[str]]] = field(default_factory=list)

    def by_location(self) -> Iterator[tuple[ParamTypes, list[ModelField]]]:
        """The fields of each location, in the order in which a document shows them."""
        yield ParamTypes.path, self.path_params
        yield ParamTypes.query, self.query_params
        yield ParamTypes.header, self.header_params
        yield ParamTypes.cookie, self.cookie_params

    def has_parameters(self) -> bool:
        """Whether the request can fail on a parameter, shown in the document or not."""
        return any(flat_fields_from_params(fields) for _, fields in self.by_location())


def collect_inputs(dependant: Dependant) -> OperationInputs:
    """Walk a route's dependants, depth first, and gather what they take from a request.

    Args:
        dependant: the route's own dependant.
    """
    inputs = OperationInputs()
    # A list: a dependency may be a callable that cannot be hashed.
    visited: list[Any] = []
    uses_scopes_cache: dict[Any, Any] = {}
    waiting: list[tuple[Dependant, list[str]]] = [(dependant, [])]
    while waiting:
        current, outer_scopes = waiting.pop()
        key = cache_key(current, uses_scopes_cache)
        if key in visited:
            continue
        visited.append(key)
        inputs.path_params += current.path_params
        inputs.query_params += current.query_params
        inputs.header_params += current.header_params
        inputs.cookie_params += current.cookie_params
        scopes = list(dict.fromkeys([*outer_scopes, *oauth_scopes(current)]))
        # The route's own endpoint is never a scheme, even where it happens to be one's instance.
        if current is not dependant and is_security_scheme(current):
            inputs.security_dependencies.append((current, scopes))
        waiting.extend((inner, scopes) for inner in reversed(current.dependencies))
    return inputs


def build_security(
    security_dependencies: list[tuple[Dependant, list[str]]],
) -> tuple[dict[str, Any], list[dict[str, list[str]]]]:
    """Describe an operation's security schemes.

    Args:
        security_dependencies: the schemes' dependants and the scopes asked of each.

    Returns:
        The schemes by name, for the document's components; and the operation's requirements, each
        scheme with all scopes asked of it anywhere.
    """
    schemes: dict[str, Any] = {}
    requirements: dict[str, dict[str, None]] = {}
    for dependant, scopes in security_dependencies:
        scheme = security_scheme(dependant)
        name = scheme.scheme_name
        schemes[name] = jsonable_encoder(scheme.model, by_alias=True, exclude_none=True)
        requirements.setdefault(name, {}).update(dict.fromkeys(scopes))
    return schemes, [{name: list(scopes)} for name, scopes in requirements.items()]


def build_parameters(inputs: OperationInputs, schemas: FieldSchemas) -> list[dict[str, Any]]:
    """Describe an operation's parameters, each location and name once.

    Where several dependencies declare one parameter, the last one describes it, unless one of
    them requires it: then the last that does.

    Args:
        inputs: the operation's fields.
        schemas: the document's schemas.
    """
    described = [
        parameter
        for location, fields in inputs.by_location()
        for declared in fields
        for parameter in _describe_declared(declared, location, schemas)
    ]
    chosen = {(parameter["in"], parameter["name"]): parameter for parameter in described}
    chosen |= {
        (parameter["in"], parameter["name"]): parameter for parameter in described if parameter["required"]
    }
    return list(chosen.values())


def _describe_declared(
    declared: ModelField, location: ParamTypes, schemas: FieldSchemas
) -> Iterator[dict[str, Any]]:
    """Describe one declared parameter; a parameter model gives one entry for each of its fields."""
    info = declared.field_info
    if not getattr(info, "include_in_schema", True):
        return
    model = param_model(declared)
    # `Model | None` without the model: the request may leave all of it out.
    optional = model is not None and info.annotation is not model and not info.is_required()
    is_header = location is ParamTypes.header
    outer_convert = getattr(info, "convert_underscores", True)
    for parameter in flat_fields_from_params([declared]):
        convert = is_header and getattr(parameter.field_info, "convert_underscores", outer_convert)
        alias, name = param_aliases(parameter, convert_underscores=convert)[0]
        yield {
            "name": name,
            "in": location.value,
            "required": parameter.field_info.is_required() and not optional,
            "schema": schemas.of(parameter, alias),
            **_annotations(parameter.field_info),
        }


def _annotations(info: Any) -> dict[str, Any]:
    """What a parameter says to readers, where it says anything."""
    described: dict[str, Any] = {}
    if info.description:
        described["description"] = info.description
    described |= examples_of(info)
    if getattr(info, "deprecated", None):
        described["deprecated"] = True
    return described


def examples_of(info: Any) -> dict[str, Any]:
    """The OpenAPI examples of a parameter or body, or else its single example.

    Args:
        info: the field's record; a plain pydantic one has neither.
    """
    examples = getattr(info, "openapi_examples", None)
    if examples:
        return {"examples": jsonable_encoder(examples)}
    example = getattr(info, "example", Unset)
    return {} if example is Unset else {"example": jsonable_encoder(example)}
