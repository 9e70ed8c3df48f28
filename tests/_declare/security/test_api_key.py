from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from pronghorn._base.errors import HTTPException as OurHTTPException
from pronghorn._declare.security.api_key import APIKeyBase, APIKeyCookie, APIKeyHeader, APIKeyQuery
from tests._declare.security.connections import connection, step

SCHEMES = [APIKeyQuery, APIKeyHeader, APIKeyCookie]


@pytest.mark.parametrize(
    ("scheme", "request_"),
    [
        (APIKeyQuery(name="key"), connection("key=secret")),
        (APIKeyHeader(name="X-Key"), connection(x_key="secret")),
        (APIKeyCookie(name="key"), connection(cookie="key=secret")),
        (APIKeyHeader(name="X-Key"), connection(x_key="secret", kind="websocket")),
    ],
)
def test_finds_the_key_where_it_travels(scheme: Any, request_: HTTPConnection) -> None:
    assert step(scheme(request_)) == "secret"


@pytest.mark.parametrize("scheme_class", SCHEMES)
def test_refuses_without_a_key(scheme_class: Any) -> None:
    with pytest.raises(HTTPException) as caught:
        step(scheme_class(name="key")(connection()))

    assert (caught.value.status_code, caught.value.detail) == (401, "Not authenticated")
    assert caught.value.headers == {"WWW-Authenticate": "APIKey"}


def test_refuses_with_the_exception_class_that_handlers_know() -> None:
    error = APIKeyQuery(name="key").make_not_authenticated_error()

    assert not isinstance(error, OurHTTPException)


def test_refuses_an_empty_key() -> None:
    with pytest.raises(HTTPException):
        step(APIKeyQuery(name="key")(connection("key=")))


@pytest.mark.parametrize("scheme_class", SCHEMES)
def test_gives_none_where_the_key_is_optional(scheme_class: Any) -> None:
    assert step(scheme_class(name="key", auto_error=False)(connection())) is None


@pytest.mark.parametrize(
    ("scheme_class", "place"),
    [(APIKeyQuery, "query"), (APIKeyHeader, "header"), (APIKeyCookie, "cookie")],
)
def test_describes_itself(scheme_class: Any, place: str) -> None:
    scheme = scheme_class(name="key", description="a key")

    assert scheme.model.model_dump(mode="json", by_alias=True) == {
        "type": "apiKey",
        "description": "a key",
        "in": place,
        "name": "key",
    }
    assert scheme.scheme_name == scheme_class.__name__
    assert scheme_class(name="key", scheme_name="Mine").scheme_name == "Mine"


def test_a_subclass_may_refuse_in_its_own_way() -> None:
    class Forbidding(APIKeyHeader):
        def make_not_authenticated_error(self) -> HTTPException:
            return HTTPException(403, "no")

    with pytest.raises(HTTPException) as caught:
        step(Forbidding(name="X-Key")(connection()))

    assert caught.value.status_code == 403


def test_the_base_checks_keys_found_elsewhere() -> None:
    scheme: APIKeyBase = APIKeyQuery(name="key")

    assert scheme.check_api_key("secret") == "secret"
