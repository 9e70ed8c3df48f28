"""The type of a contact's e-mail address, checked where the `email-validator` package is installed.

Without that package an address is taken as it is and a warning is logged, because a document is
worth more than a checked address. Invariant: the JSON schema is that of an e-mail string either way.
"""

from importlib.util import find_spec
from logging import getLogger
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema, validate_email

__all__ = ["ContactEmail", "EmailStr", "UncheckedEmail"]


def _accept(value: Any) -> str:
    """Take any value as an address and say that it was not checked."""
    getLogger("fastapi").warning(
        "email-validator not installed, email fields will be treated as str.\n"
        "To install, run: pip install email-validator"
    )
    return str(value)


UncheckedEmail = Annotated[
    str, BeforeValidator(_accept), WithJsonSchema({"type": "string", "format": "email"})
]
"""An e-mail address that nobody checks."""


def _check(value: str) -> str:
    return validate_email(value)[1]


if TYPE_CHECKING or find_spec("email_validator"):
    from pydantic import EmailStr

    # PERF (startup): loading that package is a tenth of what the first document takes.
    ContactEmail = Annotated[
        str, AfterValidator(_check), WithJsonSchema({"type": "string", "format": "email"})
    ]
    """An `EmailStr`, which loads `email-validator` when there is an address to check."""
else:
    EmailStr = ContactEmail = UncheckedEmail
