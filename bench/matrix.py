"""Who can do what: a table of workloads and contenders for the terminal, with the reasons for its dashes."""

from collections.abc import Iterable
from itertools import groupby

from bench.contenders import Contender
from bench.results import Results
from bench.workloads import Workload


def lines(
    workloads: list[Workload], contenders: list[Contender], checked: set[tuple[str, str]], results: Results
) -> Iterable[str]:
    """The table, `ok` where a contender has done a workload; then the reasons, contender by contender."""
    for number, contender in enumerate(contenders, 1):
        yield f"{number:>3}  {contender.title}"
    yield " " * 18 + "".join(f"{number:>4}" for number in range(1, len(contenders) + 1))
    for workload in workloads:
        marks = ("ok" if (workload.name, c.name) in checked else "-" for c in contenders)
        yield f"{workload.name:<18}" + "".join(f"{mark:>4}" for mark in marks)
    for contender in contenders:
        found = {w.name: reason_of(w, contender, results) for w in workloads}
        failed = sorted((reason, name) for name, reason in found.items() if reason)
        for reason, names in groupby(failed, key=lambda pair: pair[0]):
            yield f"{contender.title}: {', '.join(name for _, name in names)}: {reason}"


def reason_of(workload: Workload, contender: Contender, results: Results) -> str:
    """Why there is a dash; empty where there is none."""
    cases = (case for case in results.cases.values() if case["workload"] == workload.name)
    return next((case["dashes"][contender.name] for case in cases if contender.name in case["dashes"]), "")
