from bench.plan import Step, choose_rounds, step, total
from bench.workloads import workload

HELLO, BULK = Step("hello", 30, 10, 2.0, 5.0), Step("bulk", 10, 10, 1.0, 5.0)


def test_every_workload_has_a_round_however_short_the_time() -> None:
    assert choose_rounds([HELLO, BULK], 3, 0.0) == {"hello": 1, "bulk": 1}


def test_those_that_decide_get_more_rounds_first() -> None:
    everything_once = HELLO.cost(1) + BULK.cost(1)
    assert choose_rounds([BULK, HELLO], 3, everything_once + 45) == {"hello": 3, "bulk": 1}
    assert choose_rounds([BULK, HELLO], 3, everything_once + 1_000) == {"hello": 3, "bulk": 3}


def test_adds_up() -> None:
    assert total([HELLO, BULK], {"hello": 3, "bulk": 1}) == (5 + (30 + 2 * 10) * 2) + (5 + 10)


def test_a_step_counts_connections_and_the_servers_that_it_starts() -> None:
    alone = step(workload("rows"), 10, [32], seconds=1, starts=0)
    first = step(workload("rows"), 10, [32], seconds=1, starts=10)
    assert alone.samples == 10
    assert first.once > alone.once
    assert step(workload("hello"), 10, [1, 32, 256], seconds=1, starts=0).count(3) == 50
    assert step(workload("hello"), 10, [1, 256], seconds=1, starts=0).count(3) == 60
    assert step(workload("upload"), 1, [4], seconds=2, starts=0).seconds > 4
    assert step(workload("idle"), 10, [32], seconds=1, starts=10).once == 0
