"""An application can be carried over by what pickles closures: its own parts take part."""

import copy

from pronghorn import APIRouter, FastAPI
from pronghorn.testclient import TestClient


def test_an_application_keeps_its_state_and_serves_after_being_taken_apart() -> None:
    router = APIRouter()

    @router.get("/deep/{key}")
    async def deep(key: int) -> int:
        return key

    app = FastAPI()
    app.include_router(router, prefix="/in")
    app.state.name = "shop"
    assert TestClient(app).get("/in/deep/3").json() == 3

    # What pickle does with an object, apart from writing it down.
    again = copy.copy(app)
    assert again.state.name == "shop"
    assert not hasattr(again.state, "other")
    assert TestClient(again).get("/in/deep/4").json() == 4
    assert TestClient(again).get("/openapi.json").status_code == 200
