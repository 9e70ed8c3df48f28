from typing import Any, get_type_hints

import pytest
from typing_extensions import Unpack

from pronghorn import APIRouter, FastAPI
from pronghorn._declare.options import RouteOptions
from pronghorn._declare.verbs import VerbDecorators
from pronghorn.routing import APIRoute

VERBS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def endpoint() -> int:
    return 1


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("kind", [FastAPI, APIRouter])
def test_a_verb_declares_a_route_for_its_method(kind: Any, verb: str) -> None:
    router = kind()

    decorated = getattr(router, verb)("/items", status_code=203)(endpoint)

    route = router.routes[-1]
    assert decorated is endpoint
    assert isinstance(route, APIRoute)
    assert (route.path, route.methods, route.endpoint, route.status_code) == (
        "/items",
        {verb.upper()},
        endpoint,
        203,
    )


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_takes_the_same_options(verb: str) -> None:
    method = getattr(VerbDecorators, verb)

    assert get_type_hints(method)["options"] == Unpack[RouteOptions]
    assert method.__doc__.startswith(f"Declare a path operation for {verb.upper()}: ")


@pytest.mark.parametrize("kind", [FastAPI, APIRouter])
@pytest.mark.parametrize(
    ("methods", "expected"),
    [(None, {"GET"}), (["put", "POST"], {"PUT", "POST"}), ({"QUERY"}, {"QUERY"})],
)
def test_a_route_may_answer_several_methods(kind: Any, methods: Any, expected: set[str]) -> None:
    router = kind()

    router.api_route("/", methods=methods)(endpoint)
    router.add_api_route("/", endpoint, methods=methods)

    assert [route.methods for route in router.routes[-2:]] == [expected, expected]


def test_the_decorators_need_somebody_who_declares() -> None:
    with pytest.raises(NotImplementedError):
        VerbDecorators().get("/")
