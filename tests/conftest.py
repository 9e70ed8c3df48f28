"""Fixtures for tests of every package: one behaviour, served in every way.

A test that takes `serve` runs once per way of `tests.serving.WAYS`:

    async def test_hello(serve: Serve) -> None:
        async with serve(app) as client:
            assert (await client.get("/")).json() == {"hello": "world"}
"""

from collections.abc import Iterator
from functools import partial

import pytest

from tests.serving import WAYS, Hosts, Serve


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    """The servers of this module, stopped after its last test."""
    with Hosts() as hosts:
        yield hosts


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """How the application of this test is served."""
    way: str = request.param
    return way


@pytest.fixture
def serve(hosts: Hosts, way: str) -> Serve:
    """Serve an application; a server that has been started for it in this module is used again."""
    return partial(hosts.serve, way)


@pytest.fixture
def serve_once(hosts: Hosts, way: str) -> Serve:
    """Serve an application and stop it at the end of the block."""
    return partial(hosts.serve_once, way)
