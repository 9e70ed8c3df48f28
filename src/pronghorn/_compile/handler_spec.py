"""Everything that decides how a path operation is answered, settled when its route is built."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic.main import IncEx
from starlette.responses import JSONResponse, Response

from pronghorn._base.sentinels import Default, DefaultPlaceholder, settled
from pronghorn._base.sse import EventSourceResponse
from pronghorn._compile.dependant import Dependant
from pronghorn._declare import params
from pronghorn._declare.limits import FormLimits
from pronghorn._schema.annotations import lenient_issubclass
from pronghorn._schema.field import ModelField


@dataclass(frozen=True, slots=True)
class HandlerSpec:
    """The settled options of one path operation, as its handler reads them.

    Attributes:
        dependant: the needs of the endpoint.
        body_field: the request body; None where nothing is read.
        status_code: the declared status; None for the response class' own.
        response_class: the declared class; a placeholder when none was declared.
        response_field: validates and serialises what the endpoint returns; None to encode it as it is.
        stream_item_field: the same for each item of a stream.
        is_json_stream: whether the items of a generator are sent as JSON Lines.
    """

    dependant: Dependant
    body_field: ModelField | None = None
    status_code: int | None = None
    response_class: type[Response] | DefaultPlaceholder = field(default_factory=lambda: Default(JSONResponse))
    response_field: ModelField | None = None
    response_model_include: IncEx | None = None
    response_model_exclude: IncEx | None = None
    response_model_by_alias: bool = True
    response_model_exclude_unset: bool = False
    response_model_exclude_defaults: bool = False
    response_model_exclude_none: bool = False
    dependency_overrides_provider: Any | None = None
    embed_body_fields: bool = False
    strict_content_type: bool | DefaultPlaceholder = field(default_factory=lambda: Default(True))
    stream_item_field: ModelField | None = None
    is_json_stream: bool = False
    form_limits: FormLimits | None = None

    @property
    def call(self) -> Any:
        """The endpoint."""
        return self.dependant.call

    @property
    def actual_response_class(self) -> type[Response]:
        """The response class, declared or default."""
        return settled(self.response_class)  # type: ignore[no-any-return]

    @property
    def is_sse_stream(self) -> bool:
        """Whether the response class asks for Server-Sent Events."""
        return lenient_issubclass(self.actual_response_class, EventSourceResponse)

    @property
    def reads_form(self) -> bool:
        """Whether the body is a form."""
        return self.body_field is not None and isinstance(self.body_field.field_info, params.Form)

    @property
    def serializes_directly(self) -> bool:
        """Whether pydantic writes the JSON: a response field, and no response class declared."""
        return self.response_field is not None and isinstance(self.response_class, DefaultPlaceholder)

    @property
    def response_class_is_default(self) -> bool:
        """Whether the answer is plain JSON because nobody declared anything else."""
        return (
            isinstance(self.response_class, DefaultPlaceholder) and self.response_class.value is JSONResponse
        )

    @property
    def dump_options(self) -> dict[str, Any]:
        """How the response field serialises."""
        return {
            "include": self.response_model_include,
            "exclude": self.response_model_exclude,
            "by_alias": self.response_model_by_alias,
            "exclude_unset": self.response_model_exclude_unset,
            "exclude_defaults": self.response_model_exclude_defaults,
            "exclude_none": self.response_model_exclude_none,
        }
