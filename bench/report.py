"""The results as Markdown: who, then a table per workload; and as a short comparison for the terminal."""

from collections.abc import Iterable
from typing import Any

from bench.results import headline, middle, spread
from bench.targets import Target, figure, ratio, targets

REFERENCE, SUBJECT = "fastapi", "pronghorn"
COLUMNS = {
    "wrk": (
        ("rate", "requests/s"),
        ("cpu", "CPU µs"),
        ("p50", "p50 ms"),
        ("p99", "p99 ms"),
        ("memory", "MiB"),
        ("load", "load's core"),
    ),
    "idle": (("kib", "KiB a connection"), ("memory", "MiB before")),
    "startup": (
        ("import", "import, CPU ms"),
        ("cpu", "to the first reply, CPU ms"),
        ("ready", "to the first reply, ms"),
        ("openapi", "OpenAPI, ms"),
    ),
}


def columns(case: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """The figures of a workload with their titles."""
    own = COLUMNS.get(case["driver"], COLUMNS["wrk"])
    return tuple((key, title.replace("requests", f"{case['unit']}s")) for key, title in own)


def number(value: float) -> str:
    """Three digits that mean something."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def cell(samples: dict[str, list[float]], key: str) -> str:
    """A median and its spread."""
    values = samples.get(key)
    if not values:
        return "-"
    if key == "load":
        return f"{middle(values):.0%}"
    deviation = f" ±{spread(values):.0%}" if len(values) > 1 and key in ("rate", "cpu", "kib") else ""
    return number(middle(values)) + deviation


def row(cells: Iterable[str]) -> str:
    """One line of a table."""
    return f"| {' | '.join(cells)} |"


def ranked(case: dict[str, Any]) -> list[tuple[str, dict[str, list[float]]]]:
    """Contenders and their samples, the best first."""
    key = headline(case)
    return sorted(case["samples"].items(), key=lambda item: middle(item[1][key]))


def table(case: dict[str, Any], titles: dict[str, str]) -> list[str]:
    """One workload."""
    shown = columns(case)
    key = headline(case)
    reference = case["samples"].get(REFERENCE)
    lines = [
        row(["", *(title for _, title in shown), "FastAPI ÷ this"]),
        row(["---", *["---:"] * (len(shown) + 1)]),
    ]
    for name, samples in ranked(case):
        ratio = (
            f"{middle(reference[key]) / middle(samples[key]):.1f}"
            if reference and middle(samples[key])
            else "-"
        )
        lines.append(row([titles[name], *(cell(samples, figure) for figure, _ in shown), ratio]))
    for name, reason in case["dashes"].items():
        if name in titles and not reason.startswith("a limit"):
            lines.append(row([titles[name], *["-"] * (len(shown) + 1)]))
    return lines


def reasons(case: dict[str, Any], titles: dict[str, str]) -> list[str]:
    """Why there are dashes."""
    found = [(titles[n], reason) for n, reason in case["dashes"].items() if n in titles]
    lines = [f"- {title}: {escape(reason)}" for title, reason in found if not reason.startswith("a limit")]
    return ["", *lines] if lines else []


def escape(text: str) -> str:
    """Text from a log, harmless in Markdown and HTML."""
    return f"`{text.replace('`', chr(39))}`" if any(sign in text for sign in "<>{}[]|*_\\") else text


def overview(results: dict[str, Any]) -> list[str]:
    """Pronghorn beside FastAPI and the best of the others, by the headline of each workload."""
    titles = {c["name"]: c["title"] for c in results["contenders"]}
    theirs = {c["name"] for c in results["contenders"] if c["kind"] == "theirs"}
    lines = [
        row(["workload", "Pronghorn", "FastAPI", "times", "best of the others", "its figure", "times"]),
        row(["---", "---:", "---:", "---:", "---", "---:", "---:"]),
    ]
    for case in results["cases"].values():
        samples, key = case["samples"], headline(case)
        if SUBJECT not in samples:
            continue
        ours = middle(samples[SUBJECT][key])
        others = {n: middle(found[key]) for n, found in samples.items() if n in theirs and n != REFERENCE}
        best = min(others, key=lambda name: others[name]) if others else None
        fastapi = middle(samples[REFERENCE][key]) if REFERENCE in samples else None
        lines.append(
            row(
                [
                    case["title"],
                    number(ours),
                    number(fastapi) if fastapi else "-",
                    times(fastapi, ours),
                    titles[best] if best else "-",
                    number(others[best]) if best else "-",
                    times(others[best] if best else None, ours),
                ]
            )
        )
    return lines


def times(theirs: float | None, ours: float) -> str:
    """A ratio, where there are two figures."""
    return f"{theirs / ours:.1f}" if theirs and ours else "-"


def shares(results: dict[str, Any]) -> list[str]:
    """FastAPI on uvicorn beside everybody, by the headline of each workload: how many times less each takes."""
    contenders = results["contenders"]
    lines = [
        row(["workload", *(contender["title"] for contender in contenders)]),
        row(["---", *["---:"] * len(contenders)]),
    ]
    for case in results["cases"].values():
        reference = figure(case, REFERENCE)
        found = [ratio(reference, figure(case, contender["name"])) for contender in contenders]
        if reference is not None:
            cells = ("-" if value is None else f"{value:.1f}" for value in found)
            lines.append(row([case["title"], *cells]))
    return lines


def verdicts(results: dict[str, Any]) -> list[str]:
    """The targets of the project, each with what was found."""
    theirs = {c["name"]: c["title"] for c in results["contenders"] if c["kind"] == "theirs"}
    lines = [row(["", "target", "found", "met", ""]), row(["---", "---:", "---:", "---", "---"])]
    lines += [
        row([target.title, *verdict(target), target.beside]) for target in targets(results["cases"], theirs)
    ]
    return lines


def verdict(target: Target) -> list[str]:
    """Target, found, and whether it is met."""
    sign = "≤" if target.most else "≥"
    found = "-" if target.found is None else f"{target.found:.2f}{target.unit}"
    met = {None: "not measured", True: "yes", False: "no"}[target.met]
    return [f"{sign} {target.bound:g}{target.unit}", found, met]


def who(results: dict[str, Any]) -> list[str]:
    """Versions and flags of every contender."""
    lines = [row(["contender", "versions", "command"]), row(["---"] * 3)]
    for contender in results["contenders"]:
        versions = ", ".join(f"{name} {version}" for name, version in contender["versions"].items())
        lines.append(row([contender["title"], versions, f"`{contender['command']}`"]))
    absent = [f"- {title} is not among them: {escape(reason)}" for title, reason in results["absent"].items()]
    return [*lines, "", *absent]


def page(results: dict[str, Any], plots: dict[str, str]) -> str:
    """Everything, as one Markdown page; `plots` are the files by case."""
    machine, titles = results["machine"], {c["name"]: c["title"] for c in results["contenders"]}
    lines = [
        "# Benchmark results",
        "",
        "Written by `make bench`; [the method](../benchmarks.md) says what the figures mean.",
        "",
        f"{machine['date']}: {machine['python']}, {machine['system']}, {machine['processor']}, "
        f"{machine['cores']} cores, {machine['memory_gib']} GiB, {machine['wrk']}; medians of "
        f"up to {results['rounds']} samples of {results['seconds']} s.",
        "",
        "## In short",
        "",
        "CPU microseconds for each request, event or message; milliseconds of CPU for the start; KiB for an "
        "idle connection.",
        "",
        *overview(results),
        "",
        "## Targets",
        "",
        "Ratios of CPU per request unless a line says otherwise, at 32 connections where there are several.",
        "",
        *verdicts(results),
        "",
        "## Beside FastAPI on uvicorn",
        "",
        "FastAPI on uvicorn divided by each: how many times less CPU (memory, for idle connections) it takes.",
        "",
        *shares(results),
        "",
        "## Contenders",
        "",
        *who(results),
    ]
    for key, case in results["cases"].items():
        lines += ["", f"## {case['title'][0].upper()}{case['title'][1:]}", ""]
        if key in plots:
            lines += [f"![{case['title']}]({plots[key]})", ""]
        lines += [*table(case, titles), *reasons(case, titles)]
    return "\n".join(lines) + "\n"


def comparison(results: dict[str, Any]) -> str:
    """Pronghorn beside FastAPI for the terminal, or nothing when one of them was not measured."""
    lines = [f"{'':<40}{'requests/s':^22}{'CPU us':^20}{'p99 ms':^16}{'times better':>14}"]
    lines.append(
        f"{'':<40}"
        + f"{'FastAPI':>11}{'Pronghorn':>11}{'FastAPI':>10}{'Pronghorn':>10}"
        + f"{'F':>8}{'P':>8}{'CPU':>8}{'req/s':>7}"
    )
    for case in results["cases"].values():
        theirs, ours = (case["samples"].get(name) for name in (REFERENCE, SUBJECT))
        if theirs and ours and "rate" in ours:
            rate, cpu, slow = (
                [middle(side.get(key, [0])) for side in (theirs, ours)] for key in ("rate", "cpu", "p99")
            )
            lines.append(
                f"{case['title']:<40}{rate[0]:>11,.0f}{rate[1]:>11,.0f}{cpu[0]:>10.1f}{cpu[1]:>10.1f}"
                f"{slow[0]:>8.1f}{slow[1]:>8.1f}{cpu[0] / cpu[1]:>8.1f}{rate[1] / rate[0]:>7.1f}"
            )
    return "\n".join(lines) if len(lines) > 2 else ""
