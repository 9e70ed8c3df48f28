"""Fixed points of the documents, under their FastAPI module name."""

from pronghorn._openapi.constants import METHODS_WITH_BODY, REF_PREFIX, REF_TEMPLATE

__all__ = ["METHODS_WITH_BODY", "REF_PREFIX", "REF_TEMPLATE"]
