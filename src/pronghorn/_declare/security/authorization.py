"""Reading the `Authorization` header. Only text in, text out; no scheme lives here.

Source: RFC 9110, section 11.6.2 (`credentials = auth-scheme [ 1*SP ( token68 / ... ) ]`).
"""

__all__ = ["get_authorization_scheme_param"]


def get_authorization_scheme_param(authorization_header_value: str | None) -> tuple[str, str]:
    """Split an `Authorization` header into its scheme and what follows it.

    Args:
        authorization_header_value: the header's value; `None` when the header is absent.

    Returns:
        The scheme as it was written and the rest without surrounding blanks; empty strings for
        what is missing.

    Example:
        >>> get_authorization_scheme_param("Bearer  abc ")
        ('Bearer', 'abc')
        >>> get_authorization_scheme_param(None)
        ('', '')
    """
    scheme, _, credentials = (authorization_header_value or "").partition(" ")
    return scheme, credentials.strip()
