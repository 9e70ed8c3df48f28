"""The route table: from a request's path and method to the entry that was registered for them.

Here lives what the engine asks for every request. A path without parameters is found in a dict, any
other by the tree of patterns; neither depends on the number of entries.

Invariant: `RouteTable.match` gives what a linear scan over the entries with Starlette's regular
expressions gives, parameters included.
"""

from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import Any, NamedTuple

from pronghorn._routing.pattern import PathPattern
from pronghorn._routing.tree import NEVER, Record, Tree, find_certain

__all__ = ["Entry", "RouteTable"]


class Entry(NamedTuple):
    """One thing to be found.

    Attributes:
        path: a template with Starlette's meaning, see `PathPattern`.
        methods: upper-case method names; None, or none at all, for any method.
        target: what a match returns. The table does not look at it.
    """

    path: str
    methods: frozenset[str] | None
    target: object


class _StaticPath:
    """All entries for one literal path: the record by method, and for the methods not named.

    None where a pattern was registered earlier for the same path, so that the tree has to answer.
    """

    __slots__ = ("by_method", "other", "records")

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.by_method: dict[str, Record | None] = {}
        self.other: Record | None = None


class RouteTable:
    """Finds, among any number of entries, the earliest one for a path and a method.

    Immutable, and safe to share between threads. Build a new one when routes change.

    Args:
        entries: in registration order, which decides between entries that match the same request.

    Raises:
        PathTemplateError: a template repeats a name or uses an unknown convertor.

    Example:
        >>> table = RouteTable([Entry("/users/{name}", frozenset({"GET"}), "user")])
        >>> table.match("/users/ada", "GET")
        ('user', {'name': 'ada'})
    """

    __slots__ = ("_root", "_static", "_tree")

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._tree = Tree()
        self._static: dict[str, _StaticPath] = {}
        for index, (path, methods, target) in enumerate(entries):
            record = Record(index, PathPattern(path), methods or None, target)
            if record.pattern.is_static:
                self._static.setdefault(path, _StaticPath()).records.append(record)
            else:
                self._tree.add(record)
        self._tree.seal()
        self._root = self._tree.root
        for path, static in self._static.items():
            self._settle_static(path, static)

    def match(self, path: str, method: str) -> tuple[Any, dict[str, Any]] | None:
        """The target and parameters of the earliest entry for this path and method.

        Args:
            path: the decoded path of the request.
            method: its method, in upper case.

        Returns:
            The entry's target with a new dict of converted parameters, or None when no entry
            matches both.

        Raises:
            Exception: whatever a convertor raises about text that its expression has let through.
        """
        static = self._static.get(path)
        if static is not None:
            record = static.by_method.get(method, static.other)
            if record is not None:
                return record.target, {}
        # PERF: the loop is the whole walk, 45 ns a segment; dead ends and catch-alls lead to
        # themselves so that it needs no question. bench/routing.py
        segments = path.split("/")
        node = self._root
        for segment in segments:
            node = node.literals.get(segment, node.default)
        if "\n" not in path:
            record = node.certain.get(method, node.certain_any)
            if record is not None:
                params = record.bind(path, segments)
                if params is not None:
                    return record.target, params
            if node.closed:
                return None
        return self._match_in_order(path, method)

    def match_path(self, path: str) -> tuple[Any, dict[str, Any]] | None:
        """The earliest entry for this path, whatever its methods: what a 405 reply is about."""
        return next(self.iter_matches(path), None)

    def iter_matches(self, path: str) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Targets and parameters of all entries for this path, in registration order.

        The general way, some microseconds: every candidate is looked at.
        """
        for record, params in self._iter_records(path):
            yield record.target, params

    def _match_in_order(self, path: str, method: str) -> tuple[Any, dict[str, Any]] | None:
        for record, params in self._iter_records(path, method):
            return record.target, params
        return None

    def _iter_records(self, path: str, method: str | None = None) -> Iterator[tuple[Record, dict[str, Any]]]:
        segments = path.split("/")
        # A newline means different things to different expressions: then the whole one is asked.
        whole = "\n" in path
        for record in self._candidates(path, segments):
            if method is None or record.methods is None or method in record.methods:
                params = record.pattern.match(path) if whole else record.bind(path, segments)
                if params is not None:
                    yield record, params

    def _candidates(self, path: str, segments: list[str]) -> list[Record]:
        """All records that may match, in registration order."""
        found = self._tree.gather(segments)
        if path in self._static:
            found += self._static[path].records
        if path.endswith("\n"):
            # `$` also matches in front of a newline that ends the text.
            bare = path[:-1]
            found += self._candidates(bare, bare.split("/"))
            found = list(dict.fromkeys(found))
        found.sort(key=_registration)
        return found

    def _settle_static(self, path: str, static: _StaticPath) -> None:
        """Decide once, for each method, whether a pattern registered earlier takes the path."""
        rivals = [record for record, _ in self._iter_records(path) if record not in static.records]
        if not rivals:
            static.by_method, static.other = find_certain(static.records, NEVER)
            return
        static.by_method, static.other = _settle_among(static.records, rivals)


_registration = attrgetter("index")


def _settle_among(own: list[Record], rivals: list[Record]) -> tuple[dict[str, Record | None], Record | None]:
    """As `find_certain`, with the rivals known one by one: None where one of them is the answer."""
    chosen, other = find_certain(sorted(own + rivals, key=_registration), NEVER)
    by_method = {method: record if record in own else None for method, record in chosen.items()}
    return by_method, other if other in own else None
