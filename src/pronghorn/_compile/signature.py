"""From a callable's signature to its `Dependant` tree: the only place where annotations are resolved.

Lives here: resolving signatures and building the tree of dependencies.
Must not live here: the decision about a single parameter (`classify`).
Invariant: nothing is called; every error names the function and the parameter it speaks of.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Generator,
    Iterable,
    Iterator,
)
from dataclasses import dataclass, field
from typing import Annotated, Any, ForwardRef, Literal, get_args, get_origin

from pronghorn._base.concurrency import DependencyConcurrency
from pronghorn._base.declaration import DeclarationError, described, note_location, require
from pronghorn._base.errors import DependencyScopeError, FastAPIError
from pronghorn._base.logger import logger
from pronghorn._compile.callables import is_bare_function, kind_of
from pronghorn._compile.classify import ParameterDetails, classify_parameter, injectable_attribute
from pronghorn._compile.dependant import Dependant, UsesScopesCache, cache_key, computed_scope, walk
from pronghorn._compile.models import flat_fields_from_params
from pronghorn._declare import params
from pronghorn._declare.depends import Depends, Security
from pronghorn._declare.naming import get_path_param_names
from pronghorn._schema.annotations import evaluate_forward_ref
from pronghorn._schema.field import ModelField

_STREAM_ORIGINS = {AsyncIterable, AsyncIterator, AsyncGenerator, Iterable, Iterator, Generator}


def raw_signature(call: Callable[..., Any]) -> inspect.Signature:
    """The signature with string annotations evaluated where their names can be found."""
    try:
        return inspect.signature(call, eval_str=True)
    except NameError:
        if sys.version_info >= (3, 14):
            from annotationlib import Format

            return inspect.signature(call, annotation_format=Format.FORWARDREF)
        return inspect.signature(call)


def typed_annotation(annotation: Any, namespace: dict[str, Any]) -> Any:
    """``annotation`` with a string, if it is one, evaluated as far as ``namespace`` allows."""
    if not isinstance(annotation, str):
        return annotation
    resolved = evaluate_forward_ref(ForwardRef(annotation), namespace, namespace)
    return None if resolved is type(None) else resolved


def typed_signature(call: Callable[..., Any]) -> inspect.Signature:
    """The signature of ``call`` with resolved annotations; the return annotation is left out."""
    namespace = getattr(inspect.unwrap(call), "__globals__", {})
    parameters = list(raw_signature(call).parameters.values())
    for place, parameter in enumerate(parameters):
        annotation = typed_annotation(parameter.annotation, namespace)
        if annotation is not parameter.annotation:
            parameters[place] = parameter.replace(annotation=annotation)
    return inspect.Signature(parameters)


def typed_return_annotation(call: Callable[..., Any]) -> Any:
    """The resolved return annotation, or None where there is none."""
    annotation: Any = _written_return(call)
    if isinstance(annotation, str):
        annotation = raw_signature(call).return_annotation
    if annotation is inspect.Signature.empty:
        return None
    return typed_annotation(annotation, getattr(inspect.unwrap(call), "__globals__", {}))


def _written_return(call: Callable[..., Any]) -> Any:
    """The return annotation as it stands, where that can be known without a whole signature; else a text."""
    # PERF (startup): the signature of an endpoint is read for its parameters already. Where annotations are
    # evaluated when they are asked for, which may fail, that is left to the signature.
    if sys.version_info >= (3, 14) or not is_bare_function(call):
        return "unknown"
    return call.__annotations__.get("return", inspect.Signature.empty)


def tell_unresolved(annotation: Any, call: Callable[..., Any], part: str) -> None:
    """Log, once for each place, that an annotation names nothing.

    It is no error: what is declared so can be left alone, or never be used.
    """
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if not isinstance(annotation, ForwardRef):
        return
    what = f"{part} of {described(call)}"
    if what not in _told:
        _told.add(what)
        logger.warning(
            "The annotation %r names nothing that is defined where it stands. In %s. "
            "Fix: define or import it above the function, outside of `if TYPE_CHECKING:`",
            annotation.__forward_arg__,
            what,
        )


_told: set[str] = set()


def stream_item_type(annotation: Any) -> Any | None:
    """``T`` of ``AsyncIterable[T]`` and its kin, `Any` where they are bare, None for other types."""
    if get_origin(annotation) not in _STREAM_ORIGINS:
        return None
    arguments = get_args(annotation)
    return arguments[0] if arguments else Any


@dataclass(slots=True)
class _Site:
    """How a dependency is used at one place: what its declaration says beside the callable."""

    name: str | None = None
    own_oauth_scopes: list[str] | None = None
    parent_oauth_scopes: list[str] | None = None
    use_cache: bool = True
    scope: Literal["function", "request"] | None = None
    concurrency: DependencyConcurrency | None = None
    chain: tuple[Callable[..., Any], ...] = field(default=())


def get_dependant(
    *,
    path: str,
    call: Callable[..., Any],
    name: str | None = None,
    own_oauth_scopes: list[str] | None = None,
    parent_oauth_scopes: list[str] | None = None,
    use_cache: bool = True,
    scope: Literal["function", "request"] | None = None,
    concurrency: DependencyConcurrency | None = None,
) -> Dependant:
    """Build the tree of needs of ``call``.

    Args:
        path: the path template; its ``{names}`` make parameters path parameters.
        call: the endpoint or dependency.
        name: the parameter of the parent that receives the result; None when nobody does.
        own_oauth_scopes: scopes that ``Security(..., scopes=)`` adds here.
        parent_oauth_scopes: scopes in force above.
        use_cache: whether one result may serve several dependencies of a request.
        scope: declared lifetime of a generator dependency.
        concurrency: the cap on simultaneous uses, if declared.

    Raises:
        DeclarationError: a parameter is declared in a way that cannot work, or dependencies form a cycle.
        DependencyScopeError: a request-scoped generator depends on a function-scoped dependency.
    """
    site = _Site(name, own_oauth_scopes, parent_oauth_scopes, use_cache, scope, concurrency)
    return _build(path, call, site)


def get_parameterless_sub_dependant(*, depends: Depends, path: str) -> Dependant:
    """The tree of a dependency that is run for its effects only (``dependencies=[...]``)."""
    require(
        callable(depends.dependency),
        "A parameter-less dependency must have a callable dependency",
        fix=f"name the function, as in `Depends(function)`; found {depends!r}",
    )
    assert depends.dependency is not None  # for the type checker; checked above
    scopes = list(depends.scopes or []) if isinstance(depends, Security) else []
    site = _Site(own_oauth_scopes=scopes, scope=depends.scope, concurrency=depends._concurrency)
    return _build(path, depends.dependency, site)


def _build(path: str, call: Callable[..., Any], site: _Site) -> Dependant:
    if any(call is caller for caller in site.chain):
        names = " -> ".join(getattr(one, "__name__", repr(one)) for one in (*site.chain, call))
        raise DeclarationError(f"Dependencies form a cycle: {names}. Remove one of these dependencies.")
    dependant = Dependant(
        call=call,
        name=site.name,
        path=path,
        use_cache=site.use_cache,
        scope=site.scope,
        concurrency=site.concurrency,
        own_oauth_scopes=site.own_oauth_scopes,
        parent_oauth_scopes=site.parent_oauth_scopes,
    )
    path_param_names = get_path_param_names(path)
    for name, parameter in _signature_of(call).parameters.items():
        tell_unresolved(parameter.annotation, call, f"parameter {name!r}")
        try:
            details = _classified(parameter, path_param_names)
            if details.depends is not None:
                dependant.dependencies.append(_sub_dependant(dependant, name, details.depends, site))
            else:
                _place(dependant, name, details)
        except Exception as error:
            note_location(error, call, f"parameter {name!r}")
            raise
    return dependant


def _classified(parameter: inspect.Parameter, path_param_names: set[str]) -> ParameterDetails:
    try:
        return classify_parameter(
            name=parameter.name,
            annotation=parameter.annotation,
            default=parameter.default,
            path_param_names=path_param_names,
        )
    except FastAPIError as error:
        if type(error) is FastAPIError:  # its text speaks of responses alone
            error.add_note(
                f"Fix: if {parameter.name!r} is a dependency, declare it with `Depends()`; otherwise give it a "
                "type that pydantic can validate"
            )
        raise


def _signature_of(call: Callable[..., Any]) -> inspect.Signature:
    try:
        return typed_signature(call)
    except Exception as error:
        note_location(error, call, "the signature")
        raise


def _sub_dependant(parent: Dependant, name: str, depends: Depends, site: _Site) -> Dependant:
    call = depends.dependency
    if not callable(call):
        raise DeclarationError(f"The dependency of parameter {name!r} must be callable, found {call!r}")
    if (
        depends.scope == "function"
        and computed_scope(parent) == "request"
        and kind_of(parent.call) in ("generator", "async generator")
    ):
        parent_name = getattr(parent.call, "__name__", "<unnamed_callable>")
        raise DependencyScopeError(
            f'The dependency "{parent_name}" has a scope of "request", it cannot depend on dependencies '
            'with scope "function".'
        )
    scopes = list(depends.scopes or []) if isinstance(depends, Security) else []
    assert parent.path is not None and parent.call is not None  # set by `_build`
    return _build(
        parent.path,
        call,
        _Site(
            name=name,
            own_oauth_scopes=scopes,
            parent_oauth_scopes=[*(parent.parent_oauth_scopes or []), *(parent.own_oauth_scopes or [])],
            use_cache=depends.use_cache,
            scope=depends.scope,
            concurrency=depends._concurrency,
            chain=(*site.chain, parent.call),
        ),
    )


def _place(dependant: Dependant, name: str, details: ParameterDetails) -> None:
    """Put a parameter where its value will be looked for."""
    if details.field is None:
        attribute = injectable_attribute(details.type_annotation)
        assert attribute is not None  # `classify_parameter`: neither dependency nor field
        setattr(dependant, attribute, name)
    elif isinstance(details.field.field_info, params.Body):
        dependant.body_params.append(details.field)
    else:
        add_param_to_fields(field=details.field, dependant=dependant)


def add_param_to_fields(*, field: ModelField, dependant: Dependant) -> None:
    """File a path, query, header or cookie field under its source."""
    place = getattr(field.field_info, "in_", None)
    require(
        isinstance(place, params.ParamTypes),
        f"non-body parameters must be in path, query, header or cookie: {field.name}",
    )
    assert isinstance(place, params.ParamTypes)
    getattr(dependant, f"{place.value}_params").append(field)


def flat_params(dependant: Dependant) -> list[ModelField]:
    """Every path, query, header and cookie parameter of the tree, grouped by source.

    A dependency that occurs twice counts once; parameter models count as their fields.
    """
    seen: list[object] = []
    scopes_cache: UsesScopesCache = {}
    groups: dict[str, list[ModelField]] = {"path": [], "query": [], "header": [], "cookie": []}
    for node in _walk_once(dependant, seen, scopes_cache):
        for source, fields in groups.items():
            fields.extend(getattr(node, f"{source}_params"))
    return [one for fields in groups.values() for one in flat_fields_from_params(fields)]


def _walk_once(
    dependant: Dependant, seen: list[object], scopes_cache: UsesScopesCache
) -> Iterator[Dependant]:
    pending = [dependant]
    while pending:
        node = pending.pop()
        key = cache_key(node, scopes_cache)
        if key in seen:
            continue
        seen.append(key)
        yield node
        pending.extend(reversed(node.dependencies))


__all__ = [
    "add_param_to_fields",
    "flat_params",
    "get_dependant",
    "get_parameterless_sub_dependant",
    "raw_signature",
    "stream_item_type",
    "tell_unresolved",
    "typed_annotation",
    "typed_return_annotation",
    "typed_signature",
    "walk",
]
