"""Whatever an application consists of and is asked, every way does and answers the same."""

import asyncio
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.differential.asked import requests
from tests.differential.declared import Made, applications
from tests.differential.ways import ask_all

#: Raise it for a thorough run after a change: PRONGHORN_EXAMPLES=20000.
EXAMPLES = int(os.environ.get("PRONGHORN_EXAMPLES", "120"))


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="PRONGHORN_EXAMPLES" not in os.environ,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
        HealthCheck.large_base_example,
    ],
)
@given(made=applications(), data=st.data())
def test_every_way_does_and_answers_the_same(runner: asyncio.Runner, made: Made, data: st.DataObject) -> None:
    for _ in range(4):
        asked = data.draw(requests(made))
        outcomes = runner.run(ask_all(made.app, asked))
        reference = outcomes.pop("reference")
        for way, outcome in outcomes.items():
            assert reference == outcome, way
