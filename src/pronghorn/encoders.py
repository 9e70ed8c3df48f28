"""`jsonable_encoder`: any value to data that `json.dumps` accepts."""

from pronghorn._schema.encoder import ENCODERS_BY_TYPE, jsonable_encoder

__all__ = ["ENCODERS_BY_TYPE", "jsonable_encoder"]
