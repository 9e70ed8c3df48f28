import pytest

from pronghorn._declare.security.authorization import get_authorization_scheme_param


@pytest.mark.parametrize(
    ("header", "parts"),
    [
        (None, ("", "")),
        ("", ("", "")),
        ("Bearer", ("Bearer", "")),
        ("Bearer abc", ("Bearer", "abc")),
        ("Bearer   a b ", ("Bearer", "a b")),
    ],
)
def test_splits_scheme_and_credentials(header: str | None, parts: tuple[str, str]) -> None:
    assert get_authorization_scheme_param(header) == parts
