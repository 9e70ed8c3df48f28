from pronghorn._schema.errors import missing_error, with_location


def test_a_missing_value_has_no_input() -> None:
    expected = {"type": "missing", "loc": ("body", "title"), "msg": "Field required", "input": None}

    assert missing_error(("body", "title")) == expected


def test_a_prefix_goes_before_each_location_and_the_items_stay_as_they_were() -> None:
    errors = [{"type": "a", "loc": ("x", 0)}, {"type": "b"}]

    assert with_location(errors, ("body",)) == [
        {"type": "a", "loc": ("body", "x", 0)},
        {"type": "b", "loc": ("body",)},
    ]
    assert errors == [{"type": "a", "loc": ("x", 0)}, {"type": "b"}]
