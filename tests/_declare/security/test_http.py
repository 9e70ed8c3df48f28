import base64
from typing import Any

import pytest

from pronghorn._base.errors import HTTPException
from pronghorn._declare.security.http import HTTPBase, HTTPBasic, HTTPBearer, HTTPDigest
from tests._declare.security.connections import connection, step


def basic(text: str, scheme: str = "Basic") -> str:
    return f"{scheme} {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("scheme", "header", "found"),
    [
        (HTTPBase(scheme="Other"), "Other foobar", ("Other", "foobar")),
        (HTTPBase(scheme="Other"), "Another foobar", ("Another", "foobar")),
        (HTTPBearer(), "Bearer foobar", ("Bearer", "foobar")),
        (HTTPBearer(), "bEaReR  foobar ", ("bEaReR", "foobar")),
        (HTTPDigest(), "Digest foobar", ("Digest", "foobar")),
    ],
)
def test_takes_the_header_apart(scheme: Any, header: str, found: tuple[str, str]) -> None:
    credentials = step(scheme(connection(authorization=header)))

    assert (credentials.scheme, credentials.credentials) == found


@pytest.mark.parametrize(
    ("scheme", "header"),
    [
        (HTTPBase(scheme="Other"), "Other"),
        (HTTPBearer(), "Bearer "),
        (HTTPBearer(), "Basic foobar"),
        (HTTPDigest(), "Bearer foobar"),
        (HTTPBasic(), "Bearer foobar"),
    ],
)
def test_refuses_incomplete_and_foreign_credentials(scheme: Any, header: str) -> None:
    with pytest.raises(HTTPException) as caught:
        step(scheme(connection(authorization=header)))

    assert (caught.value.status_code, caught.value.detail) == (401, "Not authenticated")


@pytest.mark.parametrize(
    ("scheme", "challenge"),
    [
        (HTTPBase(scheme="other"), "Other"),
        (HTTPBearer(), "Bearer"),
        (HTTPDigest(), "Digest"),
        (HTTPBasic(), "Basic"),
        (HTTPBasic(realm="staff"), 'Basic realm="staff"'),
    ],
)
def test_a_refusal_names_the_scheme(scheme: Any, challenge: str) -> None:
    with pytest.raises(HTTPException) as caught:
        step(scheme(connection()))

    assert caught.value.headers == {"WWW-Authenticate": challenge}


@pytest.mark.parametrize("scheme_class", [HTTPBearer, HTTPDigest, HTTPBasic])
@pytest.mark.parametrize("headers", [{}, {"authorization": "Other x"}])
def test_gives_none_where_credentials_are_optional(scheme_class: Any, headers: dict[str, str]) -> None:
    assert step(scheme_class(auto_error=False)(connection(**headers))) is None


@pytest.mark.parametrize("scheme", ["Basic", "basic"])
def test_decodes_basic_credentials(scheme: str) -> None:
    header = basic("ada:love:lace", scheme)
    credentials = step(HTTPBasic()(connection(authorization=header, kind="websocket")))

    assert credentials is not None
    assert (credentials.username, credentials.password) == ("ada", "love:lace")


@pytest.mark.parametrize("header", ["Basic not-base64!", basic("é:x"), basic("no colon"), "Basic"])
@pytest.mark.parametrize("auto_error", [True, False])
def test_refuses_what_cannot_be_decoded_even_where_optional(header: str, auto_error: bool) -> None:
    with pytest.raises(HTTPException) as caught:
        step(HTTPBasic(auto_error=auto_error)(connection(authorization=header)))

    assert caught.value.status_code == 401


@pytest.mark.parametrize(
    ("scheme", "described"),
    [
        (HTTPBase(scheme="Other"), {"type": "http", "scheme": "Other"}),
        (HTTPBasic(description="d"), {"type": "http", "description": "d", "scheme": "basic"}),
        (HTTPDigest(), {"type": "http", "scheme": "digest"}),
        (HTTPBearer(bearerFormat="JWT"), {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}),
    ],
)
def test_describes_itself(scheme: Any, described: dict[str, Any]) -> None:
    assert scheme.model.model_dump(mode="json", by_alias=True, exclude_none=True) == described
    assert scheme.scheme_name == type(scheme).__name__
