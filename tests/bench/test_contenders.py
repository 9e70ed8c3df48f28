import pytest

from bench.contenders import CONTENDERS, PINS, Contender
from bench.environments import ROOT
from bench.workloads import WORKLOADS


@pytest.mark.parametrize("contender", CONTENDERS, ids=lambda contender: contender.name)
def test_is_written_and_pinned(contender: Contender) -> None:
    folder = ROOT / "bench" / "applications"
    assert (folder / contender.application).exists() or (folder / f"{contender.application}.py").exists()
    assert set(contender.packages) <= PINS.keys()


@pytest.mark.parametrize("contender", CONTENDERS, ids=lambda contender: contender.name)
def test_lacks_only_workloads_that_there_are(contender: Contender) -> None:
    names = {workload.name for workload in WORKLOADS}
    assert {name for name in (*contender.lacks, *contender.has) if name != "*"} <= names


def test_a_limit_says_hello_only() -> None:
    nginx = CONTENDERS[-1]
    assert nginx.reason("hello") is None
    assert nginx.reason("body") == "a limit, not a framework: it says hello and nothing else"
