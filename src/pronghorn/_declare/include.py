"""How the options of an included router combine with those around it.

Must not live here: routes. Invariant: an inner option goes before an outer one, lists are joined outer first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Protocol

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from pronghorn._base.sentinels import Default, DefaultPlaceholder, value_or_default
from pronghorn._declare.depends import Depends
from pronghorn._declare.limits import (
    FormLimits,
    most_specific_limit,
    validate_form_limits,
    validate_max_body_size,
)
from pronghorn._declare.naming import generate_unique_id


class RouterDeclaration(Protocol):
    """The options of a router, as an inclusion reads them."""

    prefix: str
    tags: list[str | Enum]
    dependencies: list[Depends]
    default_response_class: Any
    responses: dict[int | str, dict[str, Any]]
    callbacks: list[BaseRoute]
    deprecated: bool | None
    include_in_schema: bool
    generate_unique_id_function: Any
    strict_content_type: Any
    dependency_overrides_provider: Any
    max_body_size: int | None
    form_limits: FormLimits


@dataclass
class IncludeContext:
    """What the routers around an included router add to its routes."""

    included_router: Any
    prefix: str = ""
    tags: list[str | Enum] = field(default_factory=list)
    dependencies: list[Depends] = field(default_factory=list)
    default_response_class: type[Response] | DefaultPlaceholder = field(
        default_factory=lambda: Default(JSONResponse)
    )
    responses: dict[int | str, dict[str, Any]] = field(default_factory=dict)
    callbacks: list[BaseRoute] = field(default_factory=list)
    deprecated: bool | None = None
    include_in_schema: bool = True
    generate_unique_id_function: Callable[[Any], str] | DefaultPlaceholder = field(
        default_factory=lambda: Default(generate_unique_id)
    )
    strict_content_type: bool | DefaultPlaceholder = field(default_factory=lambda: Default(True))
    dependency_overrides_provider: Any | None = None
    max_body_size: int | None = None
    form_limits: FormLimits = field(default_factory=FormLimits)

    @classmethod
    def of(
        cls, parent: RouterDeclaration, child: RouterDeclaration, options: dict[str, Any]
    ) -> IncludeContext:
        """The context of including ``child`` in ``parent`` with the options of ``include_router``."""
        validate_max_body_size(options.get("max_body_size"))
        own = cls(
            included_router=child,
            prefix=options.get("prefix", ""),
            tags=list(options.get("tags") or []),
            dependencies=list(options.get("dependencies") or []),
            default_response_class=options.get("default_response_class", Default(JSONResponse)),
            responses=options.get("responses") or {},
            callbacks=list(options.get("callbacks") or []),
            deprecated=options.get("deprecated"),
            include_in_schema=options.get("include_in_schema", True),
            generate_unique_id_function=options.get(
                "generate_unique_id_function", Default(generate_unique_id)
            ),
            max_body_size=most_specific_limit(child.max_body_size, options.get("max_body_size")),
            form_limits={**validate_form_limits(options.get("form_limits")), **child.form_limits},
        )
        return cls.declared_by(parent).combine(own)

    @classmethod
    def declared_by(cls, router: RouterDeclaration) -> IncludeContext:
        """What ``router`` itself adds to what is included in it."""
        return cls(
            included_router=router,
            prefix=router.prefix,
            tags=list(router.tags),
            dependencies=list(router.dependencies),
            default_response_class=router.default_response_class,
            responses=router.responses,
            callbacks=list(router.callbacks),
            deprecated=router.deprecated,
            include_in_schema=router.include_in_schema,
            generate_unique_id_function=router.generate_unique_id_function,
            strict_content_type=router.strict_content_type,
            dependency_overrides_provider=router.dependency_overrides_provider,
            max_body_size=router.max_body_size,
        )

    def combine(self, child: IncludeContext) -> IncludeContext:
        """The context of an inclusion inside an included router."""
        return replace(
            child,
            prefix=self.prefix + child.prefix,
            tags=[*self.tags, *child.tags],
            dependencies=[*self.dependencies, *child.dependencies],
            default_response_class=value_or_default(
                child.default_response_class, self.default_response_class
            ),
            responses={**self.responses, **child.responses},
            callbacks=[*self.callbacks, *child.callbacks],
            deprecated=child.deprecated or self.deprecated,
            include_in_schema=self.include_in_schema and child.include_in_schema,
            generate_unique_id_function=value_or_default(
                child.generate_unique_id_function, self.generate_unique_id_function
            ),
            strict_content_type=value_or_default(child.strict_content_type, self.strict_content_type),
            dependency_overrides_provider=self.dependency_overrides_provider,
            max_body_size=most_specific_limit(child.max_body_size, self.max_body_size),
        )

    def path_for(self, route: Any) -> str:
        """The full path of a route of the included router."""
        return self.prefix + str(route.path)
