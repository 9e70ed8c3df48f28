from typing import Any

import pytest

from pronghorn._base.errors import HTTPException
from pronghorn._declare.openapi_records import OAuthFlows
from pronghorn._declare.security.oauth2 import (
    OAuth2,
    OAuth2AuthorizationCodeBearer,
    OAuth2PasswordBearer,
    OAuth2PasswordRequestForm,
    OAuth2PasswordRequestFormStrict,
    SecurityScopes,
)
from tests._declare.security.connections import connection, step

BEARERS = [OAuth2PasswordBearer("token"), OAuth2AuthorizationCodeBearer("authorize", "token")]


def test_gives_the_whole_header() -> None:
    assert step(OAuth2()(connection(authorization="Bearer footoken"))) == "Bearer footoken"


@pytest.mark.parametrize("scheme", BEARERS)
def test_gives_the_bearer_token(scheme: Any) -> None:
    assert step(scheme(connection(authorization="bearer footoken"))) == "footoken"
    assert step(scheme(connection(authorization="Bearer "))) == ""


@pytest.mark.parametrize("scheme", [OAuth2(), *BEARERS])
def test_refuses_without_credentials(scheme: Any) -> None:
    with pytest.raises(HTTPException) as caught:
        step(scheme(connection()))

    assert (caught.value.status_code, caught.value.detail) == (401, "Not authenticated")
    assert caught.value.headers == {"WWW-Authenticate": "Bearer"}


@pytest.mark.parametrize("scheme", BEARERS)
def test_refuses_other_schemes(scheme: Any) -> None:
    with pytest.raises(HTTPException):
        step(scheme(connection(authorization="Basic abc")))


@pytest.mark.parametrize(
    "scheme",
    [
        OAuth2(auto_error=False),
        OAuth2PasswordBearer("token", auto_error=False),
        OAuth2AuthorizationCodeBearer("authorize", "token", auto_error=False),
    ],
)
def test_gives_none_where_the_token_is_optional(scheme: Any) -> None:
    assert step(scheme(connection())) is None


@pytest.mark.parametrize(
    ("scheme", "flows"),
    [
        (
            OAuth2PasswordBearer("token", scopes={"me": "Read me"}, refreshUrl="refresh"),
            {"password": {"refreshUrl": "refresh", "scopes": {"me": "Read me"}, "tokenUrl": "token"}},
        ),
        (
            OAuth2AuthorizationCodeBearer("authorize", "token"),
            {"authorizationCode": {"scopes": {}, "authorizationUrl": "authorize", "tokenUrl": "token"}},
        ),
        (OAuth2(flows=OAuthFlows()), {}),
        (
            OAuth2(flows={"implicit": {"authorizationUrl": "authorize"}}),
            {"implicit": {"scopes": {}, "authorizationUrl": "authorize"}},
        ),
    ],
)
def test_describes_its_flows(scheme: Any, flows: dict[str, Any]) -> None:
    described = scheme.model.model_dump(mode="json", by_alias=True, exclude_none=True)

    assert described == {"type": "oauth2", "flows": flows}


@pytest.mark.parametrize("form_class", [OAuth2PasswordRequestForm, OAuth2PasswordRequestFormStrict])
def test_the_password_form_splits_its_scopes(form_class: Any) -> None:
    form = form_class(grant_type="password", username="ada", password="secret", scope="me  items")

    assert form.scopes == ["me", "items"]
    assert (form.grant_type, form.username, form.password) == ("password", "ada", "secret")
    assert (form.client_id, form.client_secret) == (None, None)


@pytest.mark.parametrize(("scopes", "text"), [(None, ""), (["me", "items"], "me items")])
def test_scopes_are_joined_for_the_challenge(scopes: list[str] | None, text: str) -> None:
    found = SecurityScopes(scopes)

    assert (found.scopes, found.scope_str) == (scopes or [], text)
