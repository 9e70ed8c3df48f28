"""What HTTP says of status codes. Only facts, no responses."""

__all__ = ["allows_body"]

_RANGES = frozenset({"default", "1XX", "2XX", "3XX", "4XX", "5XX"})


def allows_body(status_code: int | str | None) -> bool:
    """Whether a response with this status may have a body (RFC 9110, 6.4.1).

    Args:
        status_code: a code, as a number or as text; one of OpenAPI's ranges (`2XX`, `default`), or
            `None` for "not known yet", which both may.

    Raises:
        ValueError: text that is neither a number nor a range.

    Example:
        >>> allows_body(200), allows_body(204)
        (True, False)
    """
    if status_code is None or status_code in _RANGES:
        return True
    code = int(status_code)
    return code >= 200 and code not in (204, 205, 304)
