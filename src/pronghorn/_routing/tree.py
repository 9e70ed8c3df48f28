"""The tree of dynamic patterns: one step per path segment, whatever the number of patterns.

Here live the tree's nodes, how patterns are put into it, and the two ways of asking it. The greedy
walk (`table` does it, at full speed) follows literal text first, else the one `default` child, and
never turns back. Where another branch might have matched too, the node was told the earliest entry
to be found there, its rival; only what is earlier than its rivals counts as certain. All else is
left to the general way, which takes all candidates of `Tree.gather` in registration order and asks
their regular expressions.

Invariant: for a path without a newline, a record that the greedy walk finds in `certain`, and that
binds, is the earliest of all that match; from a node that is `closed`, finding none means that there
is none.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from pronghorn._routing.bind import Bind, choose_bind
from pronghorn._routing.pattern import PathPattern, Segment

__all__ = ["NEVER", "Node", "Record", "Tree", "find_certain"]

NEVER = 1 << 62
"""An index later than that of any entry."""

ANY = -1
"""Stands for every number of segments."""

Firsts = dict[int, int]
"""The earliest index of some entries, by the number of segments their paths have."""


class Record:
    """One registered entry, as tree and table keep it.

    Attributes:
        index: position in registration order.
        pattern: what its path has to look like.
        methods: what its method has to be; None for any.
        target: what was registered, opaque.
        bind: makes the parameters of a path that the greedy walk has led here.
    """

    __slots__ = ("bind", "index", "methods", "pattern", "target")

    def __init__(
        self, index: int, pattern: PathPattern, methods: frozenset[str] | None, target: object
    ) -> None:
        self.index = index
        self.pattern = pattern
        self.methods = methods
        self.target = target
        self.bind: Bind = choose_bind(pattern)


class Node:
    """What the segments read so far may go on with.

    Attributes:
        literals: the child for each literal text.
        plain: the child for a segment of any text but the empty one.
        tested: the child for each expression that a segment may have to match.
        rest: the end of patterns that cover all the rest of the path, slashes included.
        records: the entries whose pattern ends here, in registration order.
        firsts: the earliest index here or below, by the number of segments in the whole path; ANY
            for patterns that cover slashes.
        default: greedy walk: the child for every segment that is not in `literals`. Itself at a dead
            end and below `rest`, where it does not matter what follows.
        certain: greedy walk: the record by method when the path ends here; None for a method that
            the general way has to decide.
        certain_any: greedy walk: the same for all methods not in `certain`.
        closed: greedy walk: nothing else can match, should `certain` yield nothing.
    """

    __slots__ = (
        "certain",
        "certain_any",
        "closed",
        "default",
        "firsts",
        "literals",
        "plain",
        "records",
        "rest",
        "tested",
    )

    def __init__(self, *, closed: bool = False) -> None:
        self.literals: dict[str, Node] = {}
        self.plain: Node | None = None
        self.tested: dict[str, Node] = {}
        self.rest: Node | None = None
        self.records: list[Record] = []
        self.firsts: Firsts = {}
        self.default = self
        self.certain: dict[str, Record | None] = {}
        self.certain_any: Record | None = None
        self.closed = closed

    def enter(self, segment: Segment) -> "Node":
        """The child for one segment of a pattern, made when it is new."""
        if segment.literal is not None:
            child = self.literals.get(segment.literal) or Node()
            self.literals[segment.literal] = child
        elif segment.expression is not None:
            child = self.tested.get(segment.expression) or Node()
            self.tested[segment.expression] = child
        else:
            child = self.plain = self.plain or Node()
        return child

    def enter_rest(self) -> "Node":
        """The child for patterns whose rest may cover slashes."""
        self.rest = self.rest or Node()
        return self.rest


class Tree:
    """Dynamic patterns by their segments. Fill it with `add` in registration order, then `seal` it.

    Attributes:
        root: where the greedy walk over `path.split("/")` starts.
    """

    __slots__ = ("_floating", "root")

    def __init__(self) -> None:
        self.root = Node()
        # Templates without a leading slash follow the rules of host names and have no segments:
        # they are candidates for every path, and rivals of every other record.
        self._floating: list[Record] = []

    def add(self, record: Record) -> None:
        """Put a record where its pattern leads."""
        pattern = record.pattern
        if not pattern.is_rooted:
            self._floating.append(record)
            return
        trail = [self.root]
        for segment in pattern.segments:
            trail.append(trail[-1].enter(segment))
        if pattern.spans:
            trail.append(trail[-1].enter_rest())
        trail[-1].records.append(record)
        length = ANY if pattern.spans else len(pattern.segments)
        for node in trail:
            node.firsts.setdefault(length, record.index)

    def seal(self) -> None:
        """Prepare the greedy walk. Nothing may be added afterwards."""
        _seal(self.root, 0, {ANY: self._floating[0].index} if self._floating else {})

    def gather(self, segments: list[str]) -> list[Record]:
        """All records whose pattern may match a path of these segments, in any order.

        No more than candidates: expressions are not tested, neither those of segments nor of a rest.
        """
        found = list(self._floating)
        frontier = [self.root]
        for segment in segments:
            reached: list[Node] = []
            for node in frontier:
                if node.rest is not None:
                    found += node.rest.records
                if segment in node.literals:
                    reached.append(node.literals[segment])
                if segment and node.plain is not None:
                    reached.append(node.plain)
                if node.tested:
                    reached += node.tested.values()
            frontier = reached
        for node in frontier:
            found += node.records
        return found


class _Branch(NamedTuple):
    """A way on from a node that does not depend on a literal, and which segments may take it."""

    child: Node
    accepts: Callable[[str], object]


_CLOSED_END = Node(closed=True)
_OPEN_END = Node(closed=False)


def _seal(node: Node, depth: int, rivals: Firsts) -> None:
    """Settle the greedy walk at `node` and below it.

    Args:
        node: the node.
        depth: how many segments lead to it.
        rivals: the entries that may match a path which leads here, but are not found at or below it.
    """
    rival = min(rivals.get(depth, NEVER), rivals.get(ANY, NEVER))
    node.certain, node.certain_any = find_certain(node.records, rival)
    node.closed = rival == NEVER
    branches = _branches(node)
    for text, child in node.literals.items():
        others = (branch.child.firsts for branch in branches if branch.accepts(text))
        _seal(child, depth + 1, _earliest(rivals, *others))
    # A further default would be a rival; only the earliest can be the way of the greedy walk.
    rivals = _earliest(rivals, *(branch.child.firsts for branch in branches[1:]))
    end = _OPEN_END if rivals else _CLOSED_END
    node.default = branches[0].child if branches else end
    if node.rest is not None and node.default is node.rest:
        _seal_rest(node.rest, rivals)
    elif branches:
        _seal(node.default, depth + 1, rivals)
        # The empty segment is no match for `{name}`: this keeps the question out of the walk.
        node.literals.setdefault("", end)


def _seal_rest(rest: Node, rivals: Firsts) -> None:
    rest.certain, rest.certain_any = find_certain(rest.records, min(rivals.values(), default=NEVER))
    # Each record has its own expression here: when the first does not bind, the second may.
    rest.closed = not rivals and len(rest.records) == 1


def _earliest(rivals: Firsts, *others: Firsts) -> Firsts:
    """The minimum, length by length."""
    if not others:
        return rivals
    merged = dict(rivals)
    for firsts in others:
        for length, index in firsts.items():
            merged[length] = min(index, merged.get(length, NEVER))
    return merged


def _branches(node: Node) -> list[_Branch]:
    """The ways on that do not depend on a literal, that with the earliest entry first."""
    branches = [_Branch(child, re.compile(test).fullmatch) for test, child in node.tested.items()]
    if node.plain is not None:
        branches.append(_Branch(node.plain, bool))
    if node.rest is not None:
        branches.append(_Branch(node.rest, _accepts_all))
    branches.sort(key=lambda branch: min(branch.child.firsts.values()))
    return branches


def _accepts_all(_: str) -> bool:
    return True


def find_certain(records: list[Record], rival: int) -> tuple[dict[str, Record | None], Record | None]:
    """Which of the records answers each method, if it is earlier than `rival`.

    Args:
        records: entries that match the same paths, in registration order.
        rival: the earliest index of an entry that might match as well.

    Returns:
        The record by method, and the one for all methods not named. None where there is none, or
        where it is not certain.
    """
    by_method: dict[str, Record | None] = {}
    for record in records:
        if record.methods is None:
            certain = record if record.index < rival else None
            return by_method, certain
        for method in record.methods:
            by_method.setdefault(method, record if record.index < rival else None)
    return by_method, None
