"""Small functions that plugins use, under the module name that FastAPI has for them."""

from pronghorn._base.sentinels import value_or_default as get_value_or_default
from pronghorn._base.status_codes import allows_body as is_body_allowed_for_status_code
from pronghorn._declare.naming import (
    generate_operation_id_for_path,
    generate_unique_id,
    get_path_param_names,
)
from pronghorn._openapi.merging import deep_dict_update
from pronghorn._schema.field import create_model_field

__all__ = [
    "create_model_field",
    "deep_dict_update",
    "generate_operation_id_for_path",
    "generate_unique_id",
    "get_path_param_names",
    "get_value_or_default",
    "is_body_allowed_for_status_code",
]
