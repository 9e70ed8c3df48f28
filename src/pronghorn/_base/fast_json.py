"""Response classes on other JSON libraries, deprecated: pydantic writes a declared response faster.

Must not live here: anything else that renders. Invariant: the library is loaded by the first response
that needs it, never by importing the framework.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from starlette.responses import JSONResponse
from typing_extensions import deprecated

from pronghorn._base.declaration import require
from pronghorn._base.errors import FastAPIDeprecationWarning

_DEPRECATION = (
    "{name} is deprecated, FastAPI now serializes data directly to JSON bytes via Pydantic when a return "
    "type or response model is set, which is faster and doesn't need a custom response class. Read more in "
    "the FastAPI docs: https://fastapi.tiangolo.com/advanced/custom-response/#orjson-or-response-model and "
    "https://fastapi.tiangolo.com/tutorial/response-model/"
)


def _library(name: str) -> Any:
    """The module, None where it is not installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError:
        return None


@deprecated(_DEPRECATION.format(name="UJSONResponse"), category=FastAPIDeprecationWarning, stacklevel=1)
class UJSONResponse(JSONResponse):
    """JSON written by ``ujson``. Deprecated: declare the return type and use the default class."""

    def render(self, content: Any) -> bytes:
        """``content`` as JSON."""
        ujson = _library("ujson")
        require(ujson, "ujson must be installed to use UJSONResponse")
        text: str = ujson.dumps(content, ensure_ascii=False)
        return text.encode("utf-8")


@deprecated(_DEPRECATION.format(name="ORJSONResponse"), category=FastAPIDeprecationWarning, stacklevel=1)
class ORJSONResponse(JSONResponse):
    """JSON written by ``orjson``. Deprecated: declare the return type and use the default class."""

    def render(self, content: Any) -> bytes:
        """``content`` as JSON, numpy arrays and keys that are not text included."""
        orjson = _library("orjson")
        require(orjson, "orjson must be installed to use ORJSONResponse")
        data: bytes = orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY)
        return data
