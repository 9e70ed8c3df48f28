"""Values of requests (Starlette's), `UploadFile` and `Default`."""

from starlette.datastructures import URL, Address, FormData, Headers, QueryParams, State

from pronghorn._base.sentinels import Default, DefaultPlaceholder
from pronghorn._base.uploads import UploadFile

__all__ = [
    "URL",
    "Address",
    "Default",
    "DefaultPlaceholder",
    "FormData",
    "Headers",
    "QueryParams",
    "State",
    "UploadFile",
]
