"""Fixed points of the documents built here. Only data."""

__all__ = ["METHODS_WITH_BODY", "REF_PREFIX", "REF_TEMPLATE"]

METHODS_WITH_BODY = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"}
"""The methods whose operations may show a request body; OPTIONS and TRACE never do."""

REF_PREFIX = "#/components/schemas/"
"""What a reference to a shared schema begins with."""

REF_TEMPLATE = REF_PREFIX + "{model}"
"""A reference to a shared schema, with the schema's name to be filled in."""
