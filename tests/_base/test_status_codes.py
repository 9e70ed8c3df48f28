import pytest

from pronghorn._base.status_codes import allows_body


@pytest.mark.parametrize("status", [None, "default", "1XX", "2XX", "5XX", 200, "200", 404, 500])
def test_a_body_is_allowed(status: int | str | None) -> None:
    assert allows_body(status)


@pytest.mark.parametrize("status", [100, "101", 204, "205", 304])
def test_a_body_is_not_allowed(status: int | str) -> None:
    assert not allows_body(status)


def test_other_text_is_refused() -> None:
    with pytest.raises(ValueError, match="hello"):
        allows_body("hello")
