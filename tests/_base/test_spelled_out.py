import inspect
from typing import Any

from typing_extensions import TypedDict, Unpack

from pronghorn._base.spelled_out import spelled_out


class Outer(TypedDict, total=False):
    colour: "str"
    size: int


class Options(Outer, total=False):
    weight: float


@spelled_out(Options, {"size": 3})
def pack(self: Any, what: str, *, gift: bool = False, **options: Unpack[Options]) -> dict[str, Any]:
    return dict(options)


def test_every_option_is_shown_after_the_functions_own_parameters() -> None:
    shown = inspect.signature(pack)

    assert list(shown.parameters) == ["self", "what", "gift", "colour", "size", "weight"]
    assert shown.parameters["size"].default == 3
    assert shown.parameters["weight"].default is None
    assert shown.parameters["colour"].annotation == "str"
    assert shown.parameters["weight"].kind is inspect.Parameter.KEYWORD_ONLY


def test_what_is_accepted_stays_the_same() -> None:
    assert pack(None, "book", weight=1.5) == {"weight": 1.5}
