"""What declarations say for readers of the OpenAPI document only, as hypothesis makes it up."""

from typing import Any

from hypothesis import strategies as st

from tests.differential.answers import Inner, Item

RESPONSES: tuple[dict[int | str, dict[str, Any]], ...] = (
    {404: {"model": Item, "description": "Not here"}},
    {"4XX": {"description": "Wrong"}},
    {200: {"content": {"text/x": {}}, "description": "Fine"}},
    {422: {"description": "Own"}},
    {"default": {"model": Inner | None}, 418: {"model": list[Inner], "headers": {"x-a": {}}}},
)
_COMMON: dict[str, tuple[Any, ...]] = {
    "tags": (["a"], ["b", "a"]),
    "responses": RESPONSES,
    "deprecated": (True, False),
    "include_in_schema": (True, True, False),
}

OPERATION: dict[str, tuple[Any, ...]] = _COMMON | {
    "summary": ("In short",),
    "description": ("At *length*",),
    "response_description": ("What comes",),
    "operation_id": ("one", "two"),
    "name": ("named",),
    "openapi_extra": ({"x-own": [1]}, {"responses": {"299": {"description": "Odd"}}}),
}
INCLUDING = _COMMON


@st.composite
def documentation(draw: st.DrawFn, choices: dict[str, tuple[Any, ...]]) -> dict[str, Any]:
    """A few of the options in ``choices``."""
    names = draw(st.lists(st.sampled_from(sorted(choices)), max_size=3, unique=True))
    return {name: draw(st.sampled_from(choices[name])) for name in names}
