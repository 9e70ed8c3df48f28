import pytest
from starlette.exceptions import HTTPException

from pronghorn._declare.security.open_id_connect import OpenIdConnect
from tests._declare.security.connections import connection, step


def test_gives_the_whole_header() -> None:
    scheme = OpenIdConnect(openIdConnectUrl="/openid")

    assert step(scheme(connection(authorization="Bearer abc"))) == "Bearer abc"


def test_refuses_without_the_header() -> None:
    with pytest.raises(HTTPException) as caught:
        step(OpenIdConnect(openIdConnectUrl="/openid")(connection()))

    assert (caught.value.status_code, caught.value.headers) == (401, {"WWW-Authenticate": "Bearer"})


def test_gives_none_where_the_header_is_optional() -> None:
    assert step(OpenIdConnect(openIdConnectUrl="/openid", auto_error=False)(connection())) is None


def test_describes_itself() -> None:
    scheme = OpenIdConnect(openIdConnectUrl="/openid", scheme_name="Mine", description="d")

    assert scheme.scheme_name == "Mine"
    assert scheme.model.model_dump(mode="json", by_alias=True) == {
        "type": "openIdConnect",
        "description": "d",
        "openIdConnectUrl": "/openid",
    }
