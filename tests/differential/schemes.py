"""Security schemes as hypothesis makes them up, and credentials that will do."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from pronghorn.security import (
    APIKeyCookie,
    APIKeyHeader,
    APIKeyQuery,
    HTTPBasic,
    HTTPBearer,
    HTTPDigest,
    OAuth2AuthorizationCodeBearer,
    OAuth2PasswordBearer,
    OpenIdConnect,
)
from tests.differential.parameters import Declared

#: How a scheme is made, where its credentials are sent, and some that will do.
_SCHEMES: tuple[tuple[Callable[..., Any], dict[str, Any], str, str, str], ...] = (
    (APIKeyQuery, {"name": "key"}, "query", "key", "k"),
    (APIKeyHeader, {"name": "X-Key"}, "header", "x-key", "k"),
    (APIKeyCookie, {"name": "shared"}, "cookie", "shared", "k"),
    (HTTPBasic, {}, "header", "authorization", "Basic dXNlcjpwYXNz"),
    (HTTPBasic, {"realm": "here"}, "header", "authorization", "Basic dXNlcjpwYXNz"),
    (HTTPBearer, {"bearerFormat": "JWT"}, "header", "authorization", "Bearer abc"),
    (HTTPDigest, {}, "header", "authorization", "Digest abc"),
    (
        OAuth2PasswordBearer,
        {"tokenUrl": "token", "scopes": {"a": "A"}},
        "header",
        "authorization",
        "Bearer abc",
    ),
    (
        OAuth2AuthorizationCodeBearer,
        {"authorizationUrl": "/authorize", "tokenUrl": "/token"},
        "header",
        "authorization",
        "bearer abc",
    ),
    (OpenIdConnect, {"openIdConnectUrl": "/openid"}, "header", "authorization", "Bearer abc"),
)


@st.composite
def security_schemes(draw: st.DrawFn) -> tuple[Any, Declared]:
    """A scheme, and what it wants to be sent."""
    make, arguments, source, sent_as, fitting = draw(st.sampled_from(_SCHEMES))
    options = dict(arguments)
    if draw(st.booleans()):
        options["auto_error"] = False
    if draw(st.integers(0, 3)) == 0:
        options["scheme_name"] = "Own"
    if draw(st.integers(0, 3)) == 0:
        options["description"] = "How to get in"
    return make(**options), Declared("scheme", source, sent_as, Any, fitting=fitting)
