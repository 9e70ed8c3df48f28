import dataclasses
from typing import Any

import pytest

from pronghorn import param_functions
from pronghorn._declare.depends import Depends, Security


def session() -> str:
    return "session"


def test_a_marker_shows_its_public_options() -> None:
    assert repr(Depends()) == ("Depends(dependency=None, use_cache=True, scope=None, max_concurrency=None)")
    assert repr(Depends(session, use_cache=False, scope="function", max_concurrency=2)) == (
        f"Depends(dependency={session!r}, use_cache=False, scope='function', max_concurrency=2)"
    )
    assert repr(Security(session, scopes=["read"])) == (
        f"Security(dependency={session!r}, use_cache=True, scope=None, max_concurrency=None, scopes=['read'])"
    )


def test_markers_are_equal_and_hashed_by_what_they_say() -> None:
    assert Depends(session) == Depends(session)
    assert hash(Depends(session)) == hash(Depends(session))
    assert Depends(session) != Depends(session, use_cache=False)
    assert Depends(session) != Security(session)


def test_markers_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Depends(session).use_cache = False  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def test_each_declaration_has_a_cap_of_its_own() -> None:
    first, second = Depends(session, max_concurrency=2), Depends(session, max_concurrency=2)

    assert first._concurrency is not None
    assert first._concurrency is not second._concurrency
    assert first._concurrency.max_concurrency == 2
    assert Depends(session)._concurrency is None


def test_a_changed_copy_shares_the_cap_unless_the_number_changes() -> None:
    marker = Depends(session, max_concurrency=2)

    assert dataclasses.replace(marker, use_cache=False)._concurrency is marker._concurrency
    assert dataclasses.replace(marker, max_concurrency=3)._concurrency is not marker._concurrency
    assert dataclasses.replace(marker, max_concurrency=None)._concurrency is None


@pytest.mark.parametrize("limit", [0, -1, True, 1.0, "1"])
def test_a_cap_is_a_positive_integer(limit: Any) -> None:
    with pytest.raises(ValueError, match=r"^max_concurrency must be a positive integer or None$"):
        Depends(session, max_concurrency=limit)


def test_the_functions_make_the_markers() -> None:
    assert param_functions.Depends(session, use_cache=False, scope="request") == Depends(
        session, use_cache=False, scope="request"
    )
    assert param_functions.Depends(session, max_concurrency=2).max_concurrency == 2
    made = param_functions.Security(session, scopes=("read",), use_cache=False)
    assert made == Security(session, scopes=("read",), use_cache=False)
