"""The corpus of each parser, and what the checks make of latencies."""

from __future__ import annotations

import pytest

from reliability.forms import fields_of, parts_of, run_at_once
from reliability.parser_fuzz import TARGETS, seeds
from reliability.polite import Latencies

PART = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'


# The file of a part that does not end is closed when it is forgotten, with a warning.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("name", TARGETS)
def test_every_input_of_the_corpus_holds(name: str) -> None:
    for data in seeds(name):
        TARGETS[name](data)


def test_forms_are_read_wherever_they_are_cut() -> None:
    assert fields_of(b"a=1&b", b"=%41") == [("a", "1"), ("b", "A")]
    assert parts_of(PART, b"--b--\r\n") == [("a", "1")]
    file = PART.replace(b'"a"', b'"a"; filename="n"')
    assert parts_of(file[:40], file[40:] + b"--b--") == [
        ("a", ("n", [(b"content-disposition", b'form-data; name="a"; filename="n"')], b"1"))
    ]
    assert parts_of(b"nonsense") is None


def test_a_coroutine_that_waits_is_an_error() -> None:
    class Never:
        def __await__(self):  # type: ignore[no-untyped-def]
            yield

    async def wait() -> None:
        await Never()

    with pytest.raises(RuntimeError, match="waited"):
        run_at_once(wait())


def test_latencies_are_told_apart_by_status() -> None:
    found = Latencies([0.1, 0.2, 0.3, 0.4], [200, 503, 0, 503])
    assert found.failed == 3
    assert found.of(503).seconds == [0.2, 0.4]
    assert found.of(503).percentile(0.5) == 400
    assert found.of(404).percentile(0.99) == float("inf")
