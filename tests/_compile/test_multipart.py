import sys
from types import ModuleType
from typing import Any

import pytest

from pronghorn import FastAPI, Form
from pronghorn._compile.multipart import NOT_INSTALLED, WRONG_PACKAGE, ensure_multipart_is_installed


def install(monkeypatch: pytest.MonkeyPatch, **modules: Any) -> None:
    """Let these modules, by name with their members, be all that there is of both distributions."""
    for name in ("python_multipart", "multipart", "multipart.multipart"):
        module: ModuleType | None = None
        members = modules.get(name.replace(".", "_"))
        if members is not None:
            module = ModuleType(name)
            vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.parametrize(
    "modules",
    [
        {"python_multipart": {"__version__": "0.0.20"}},
        {"python_multipart": {"__version__": "0.0.13"}},
        {"multipart": {"__version__": "0.0.12"}, "multipart_multipart": {"parse_options_header": print}},
    ],
)
def test_a_parser_of_forms_is_found(monkeypatch: pytest.MonkeyPatch, modules: Any) -> None:
    install(monkeypatch, **modules)

    ensure_multipart_is_installed()


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        ({}, NOT_INSTALLED),
        ({"multipart": {}}, NOT_INSTALLED),
        ({"multipart": {"__version__": "1.2"}, "multipart_multipart": {}}, WRONG_PACKAGE),
        ({"multipart": {"__version__": "1.2"}}, WRONG_PACKAGE),
        ({"python_multipart": {}}, NOT_INSTALLED),
    ],
)
def test_without_one_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, modules: Any, message: str
) -> None:
    install(monkeypatch, **modules)

    with pytest.raises(RuntimeError) as raised:
        ensure_multipart_is_installed()

    assert str(raised.value) == message
    assert [record.getMessage() for record in caplog.records] == [message]


def test_it_is_missed_where_a_form_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    app = FastAPI()

    def endpoint(name: str = Form()) -> None: ...

    with pytest.raises(RuntimeError, match="pip install python-multipart") as raised:
        app.post("/")(endpoint)
    line = endpoint.__code__.co_firstlineno
    assert raised.value.__notes__ == [
        f"In parameter 'name' of {endpoint.__qualname__}, defined at {__file__}:{line}",
        "Path operation: POST /",
    ]
