import importlib
import importlib.util
import logging
from collections.abc import Iterator

import pydantic
import pytest
from pydantic import TypeAdapter, ValidationError

from pronghorn._openapi import email


@pytest.fixture
def without_validator(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The module as it is where `email-validator` is not installed."""
    with monkeypatch.context() as patch:
        patch.setattr(importlib.util, "find_spec", lambda name: None)
        importlib.reload(email)
        yield
    importlib.reload(email)


def test_addresses_are_checked_where_that_is_possible() -> None:
    assert email.EmailStr is pydantic.EmailStr


@pytest.mark.parametrize("value", ["a@example.com", " A <a@EXAMPLE.com>", "no address", "a@", 3, None])
def test_the_address_of_a_contact_is_checked_alike(value: object) -> None:
    """As `EmailStr` does, with the same errors."""
    outcomes: list[object] = []
    for type_ in (email.EmailStr, email.ContactEmail):
        adapter: TypeAdapter[str] = TypeAdapter(type_)
        try:
            outcomes.append(adapter.validate_python(value))
        except ValidationError as error:
            outcomes.append(error.errors(include_url=False))
        outcomes.append(adapter.json_schema())
    assert outcomes[:2] == outcomes[2:]


@pytest.mark.usefixtures("without_validator")
def test_otherwise_they_are_taken_as_they_are_and_it_is_said(caplog: pytest.LogCaptureFixture) -> None:
    adapter: TypeAdapter[str] = TypeAdapter(email.EmailStr)

    with caplog.at_level(logging.WARNING, logger="fastapi"):
        assert adapter.validate_python("no address") == "no address"

    assert "email-validator not installed" in caplog.text
    assert adapter.json_schema() == {"type": "string", "format": "email"}
