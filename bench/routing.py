"""Nanoseconds per routing decision, by kind of path and number of routes.

Run as `python bench/routing.py`. Each figure is the best of several rounds, so that other work on
the machine shows least.
"""

import gc
import sys
import timeit
from time import perf_counter

from starlette.routing import Match, Route

from pronghorn._routing.table import Entry, RouteTable

SIZES = (10, 1_000, 10_000)
GET = frozenset({"GET"})
# Kind, template of the last route of its kind, and a path that finds it.
KINDS = (
    ("static", "/static{n}/about", "/static{n}/about"),
    ("one parameter", "/items{n}/{{item_id}}", "/items{n}/42"),
    ("one int parameter", "/count{n}/{{number:int}}", "/count{n}/42"),
    ("three parameters", "/org{n}/{{org}}/{{repo}}/file/{{ref}}", "/org{n}/acme/core/file/main"),
    ("catch-all", "/files{n}/{{where:path}}", "/files{n}/a/b/c.txt"),
)


def build_entries(size: int) -> list[Entry]:
    """As many routes, the kinds in turn."""
    templates = (KINDS[n % len(KINDS)][1].format(n=n // len(KINDS)) for n in range(size))
    return [Entry(path, GET, path) for path in templates]


def best_ns(call: str, **names: object) -> float:
    """The least time that a round of calls took, per call."""
    timer = timeit.Timer(call, globals=names)
    number, _ = timer.autorange()
    return min(timer.repeat(repeat=7, number=max(1, number // 5))) / max(1, number // 5) * 1e9


def linear_ns(entries: list[Entry], path: str) -> float:
    """The same question asked of Starlette's routes, one after the other."""
    routes = [Route(entry.path, endpoint=str, methods=["GET"]) for entry in entries]
    scope = {"type": "http", "path": path, "method": "GET", "root_path": ""}
    return best_ns(
        "next(r for r in routes if r.matches(scope)[0] is full)", routes=routes, scope=scope, full=Match.FULL
    )


def main(with_linear: bool) -> None:
    """Print the table."""
    print(f"{'routes':>7}  {'kind':<20}{'ns':>9}" + (f"{'linear ns':>14}" if with_linear else ""))
    for size in SIZES:
        entries = build_entries(size)
        started = perf_counter()
        table = RouteTable(entries)
        built = perf_counter() - started
        gc.collect()
        for kind, template, path in KINDS:
            n = size // len(KINDS) - 1
            path = path.format(n=n)
            found = table.match(path, "GET")
            if found is None or found[0] != template.format(n=n):
                raise SystemExit(f"{path} found {found}")
            ns = best_ns("match(path, 'GET')", match=table.match, path=path)
            line = f"{size:>7}  {kind:<20}{ns:>9.0f}"
            print(line + (f"{linear_ns(entries, path):>14.0f}" if with_linear else ""))
        # A pattern that came first could match as well, so that the general way has to decide.
        rivals = RouteTable([Entry("/{tenant}/{page}/help", GET, "help"), *entries])
        path = KINDS[-1][2].format(n=size // len(KINDS) - 1)
        rival = best_ns("match(path, 'GET')", match=rivals.match, path=path)
        print(f"{size:>7}  {'with a rival':<20}{rival:>9.0f}")
        miss = best_ns("match(path, 'GET')", match=table.match, path="/nowhere/to/be/found")
        print(f"{size:>7}  {'miss':<20}{miss:>9.0f}")
        print(f"{size:>7}  {'build, ns a route':<20}{built / size * 1e9:>9.0f}")


if __name__ == "__main__":
    main("--linear" in sys.argv)
