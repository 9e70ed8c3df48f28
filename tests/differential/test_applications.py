"""Whatever an application consists of and is asked, every way does and answers the same."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.differential.asked import requests
from tests.differential.declared import Made, applications
from tests.differential.effort import effort
from tests.differential.ways import ask_all


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@effort(200)
@given(made=applications(), data=st.data())
def test_every_way_does_and_answers_the_same(runner: asyncio.Runner, made: Made, data: st.DataObject) -> None:
    for _ in range(4):
        asked = data.draw(requests(made))
        outcomes = runner.run(ask_all(made.app, asked))
        reference = outcomes.pop("reference")
        for way, outcome in outcomes.items():
            assert reference == outcome, way
