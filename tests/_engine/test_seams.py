from pronghorn._engine.seams import Seams


def serve() -> str:
    return "original"


def replacement() -> str:
    return "replacement"


def seams_with(*functions: object) -> Seams:
    seams = Seams()
    for function in functions:
        assert callable(function)
        assert seams.register(function) is function
    return seams


def test_a_registered_function_is_in_force_under_its_name() -> None:
    seams = seams_with(serve)

    assert "serve" in seams
    assert "replacement" not in seams
    assert seams.get("serve") is serve
    assert seams.is_original("serve")
    assert not seams.replaced


def test_a_replacement_is_in_force_until_the_original_is_restored() -> None:
    seams = seams_with(serve)

    seams.replace("serve", replacement)
    assert (seams.get("serve"), seams.is_original("serve"), seams.replaced) == (replacement, False, True)

    seams.restore("serve")
    assert (seams.get("serve"), seams.is_original("serve"), seams.replaced) == (serve, True, False)


def test_putting_the_original_back_ends_the_replacement() -> None:
    seams = seams_with(serve)

    seams.replace("serve", replacement)
    seams.replace("serve", serve)

    assert not seams.replaced


def test_one_replaced_function_of_several_counts() -> None:
    def other() -> None: ...

    seams = seams_with(serve, other)
    seams.replace("serve", replacement)
    seams.replace("other", replacement)

    seams.restore("serve")

    assert seams.is_original("serve")
    assert seams.replaced
