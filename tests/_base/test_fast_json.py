import sys
from types import ModuleType
from typing import Any

import pytest

from pronghorn._base.errors import FastAPIDeprecationWarning
from pronghorn._base.fast_json import ORJSONResponse, UJSONResponse


def library(monkeypatch: pytest.MonkeyPatch, name: str, **members: Any) -> None:
    """Put a stand-in for a JSON library where it is imported from."""
    module = ModuleType(name)
    vars(module).update(members)
    monkeypatch.setitem(sys.modules, name, module)


def test_ujson_writes_text_unescaped(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []

    def dumps(content: Any, **options: Any) -> str:
        calls.append((content, options))
        return '"é"'

    library(monkeypatch, "ujson", dumps=dumps)

    with pytest.warns(FastAPIDeprecationWarning, match="UJSONResponse is deprecated"):
        response = UJSONResponse("é")
    assert response.body == '"é"'.encode()
    assert calls == [("é", {"ensure_ascii": False})]


def test_orjson_takes_numpy_and_keys_that_are_not_text(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []

    def dumps(content: Any, **options: Any) -> bytes:
        calls.append((content, options))
        return b"{}"

    library(monkeypatch, "orjson", dumps=dumps, OPT_NON_STR_KEYS=4, OPT_SERIALIZE_NUMPY=16)

    with pytest.warns(FastAPIDeprecationWarning, match="ORJSONResponse is deprecated"):
        response = ORJSONResponse({1: 2})
    assert response.body == b"{}"
    assert calls == [({1: 2}, {"option": 20})]


@pytest.mark.parametrize(("kind", "name"), [(UJSONResponse, "ujson"), (ORJSONResponse, "orjson")])
@pytest.mark.filterwarnings("ignore::pronghorn._base.errors.FastAPIDeprecationWarning")
def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, kind: Any, name: str) -> None:
    monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(AssertionError, match=f"^{name} must be installed to use {kind.__name__}$"):
        kind({})


@pytest.mark.parametrize("kind", [UJSONResponse, ORJSONResponse])
def test_the_warning_names_the_code_that_makes_the_response(
    monkeypatch: pytest.MonkeyPatch, kind: Any
) -> None:
    library(monkeypatch, "ujson", dumps=lambda *args, **options: "")
    library(
        monkeypatch, "orjson", dumps=lambda *args, **options: b"", OPT_NON_STR_KEYS=1, OPT_SERIALIZE_NUMPY=2
    )

    with pytest.warns(FastAPIDeprecationWarning) as caught:
        kind({})
    assert [warning.filename for warning in caught] == [__file__]
