from collections.abc import Callable
from typing import Any

import pytest

from pronghorn._base.generation import Generation, TrackedList, TrackedSet, generation, tracked

CHANGES: list[tuple[Callable[[Any], Any], list[int]]] = [
    (lambda items: items.append(4), [3, 1, 2, 4]),
    (lambda items: items.extend([4, 5]), [3, 1, 2, 4, 5]),
    (lambda items: items.insert(0, 4), [4, 3, 1, 2]),
    (lambda items: items.remove(1), [3, 2]),
    (lambda items: items.pop(), [3, 1]),
    (lambda items: items.clear(), []),
    (lambda items: items.sort(), [1, 2, 3]),
    (lambda items: items.reverse(), [2, 1, 3]),
    (lambda items: items.__setitem__(0, 9), [9, 1, 2]),
    (lambda items: items.__setitem__(slice(None), [7]), [7]),
    (lambda items: items.__delitem__(0), [1, 2]),
    (lambda items: items.__iadd__([4]), [3, 1, 2, 4]),
    (lambda items: items.__imul__(2), [3, 1, 2, 3, 1, 2]),
]


@pytest.mark.parametrize(("change", "expected"), CHANGES)
def test_every_change_of_a_tracked_list_is_counted(change: Callable[[Any], Any], expected: list[int]) -> None:
    items = TrackedList([3, 1, 2])
    before = generation.value

    change(items)

    assert list(items) == expected
    assert generation.value == before + 1


SET_CHANGES: list[tuple[Callable[[Any], Any], set[int]]] = [
    (lambda items: items.add(4), {1, 2, 3, 4}),
    (lambda items: items.remove(1), {2, 3}),
    (lambda items: items.discard(1), {2, 3}),
    (lambda items: items.clear(), set()),
    (lambda items: items.update({4}), {1, 2, 3, 4}),
    (lambda items: items.difference_update({1}), {2, 3}),
    (lambda items: items.intersection_update({1}), {1}),
    (lambda items: items.symmetric_difference_update({1, 4}), {2, 3, 4}),
    (lambda items: items.__ior__({4}), {1, 2, 3, 4}),
    (lambda items: items.__isub__({1}), {2, 3}),
    (lambda items: items.__iand__({1}), {1}),
    (lambda items: items.__ixor__({1, 4}), {2, 3, 4}),
]


@pytest.mark.parametrize(("change", "expected"), SET_CHANGES)
def test_every_change_of_a_tracked_set_is_counted(change: Callable[[Any], Any], expected: set[int]) -> None:
    items = TrackedSet({1, 2, 3})
    before = generation.value

    change(items)

    assert items == expected
    assert generation.value == before + 1


def test_taking_a_member_out_of_a_tracked_set_is_counted() -> None:
    before = generation.value

    assert TrackedSet({1}).pop() == 1
    assert generation.value == before + 1


def test_a_tracked_set_shows_itself_as_an_ordinary_one() -> None:
    assert repr(TrackedSet({"GET"})) == "{'GET'}"


def test_lists_and_sets_are_tracked_and_nothing_else() -> None:
    counted = tracked([1])

    assert (type(counted), type(tracked({1}))) == (TrackedList, TrackedSet)
    assert tracked(counted) is counted
    assert tracked(text := "text") is text


def test_a_tracked_list_is_an_ordinary_list() -> None:
    items = TrackedList(["a"])

    assert items == ["a"]
    assert isinstance(items, list)
    assert items.append.__doc__ == list.append.__doc__


def test_reading_is_not_counted() -> None:
    items = TrackedList([1, 2])
    before = generation.value

    assert (items[0], len(items), list(items), items.index(2)) == (1, 2, [1, 2], 1)
    assert generation.value == before


def test_changes_may_be_counted_by_hand() -> None:
    count = Generation()
    count.bump()
    count.bump()

    assert count.value == 2
