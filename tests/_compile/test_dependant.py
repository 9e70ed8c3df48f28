from typing import Any

import pytest

from pronghorn._base.concurrency import DependencyConcurrency
from pronghorn._base.generation import generation
from pronghorn._compile.dependant import (
    Dependant,
    cache_key,
    computed_scope,
    fingerprint,
    is_security_scheme,
    oauth_scopes,
    security_scheme,
    uses_scopes,
    walk,
)
from pronghorn._declare.security.api_key import APIKeyHeader
from pronghorn._schema.field import create_model_field


def plain() -> None: ...


def generator() -> Any:
    yield


scheme = APIKeyHeader(name="key")


def test_scopes_of_parents_go_before_own_ones_without_repeats() -> None:
    dependant = Dependant(parent_oauth_scopes=["read", "write"], own_oauth_scopes=["write", "admin"])

    assert oauth_scopes(dependant) == ["read", "write", "admin"]


def test_no_scopes_are_an_empty_list() -> None:
    assert oauth_scopes(Dependant()) == []


@pytest.mark.parametrize(
    ("dependant", "expected"),
    [
        (Dependant(call=plain), None),
        (Dependant(call=generator), "request"),
        (Dependant(call=generator, scope="function"), "function"),
        (Dependant(call=plain, scope="request"), "request"),
    ],
)
def test_generators_live_as_long_as_the_request_unless_told_otherwise(
    dependant: Dependant, expected: str | None
) -> None:
    assert computed_scope(dependant) == expected


def test_an_instance_of_a_scheme_is_a_security_scheme() -> None:
    assert is_security_scheme(Dependant(call=scheme))
    assert security_scheme(Dependant(call=scheme)) is scheme


@pytest.mark.parametrize("dependant", [Dependant(), Dependant(call=plain)])
def test_anything_else_is_no_security_scheme(dependant: Dependant) -> None:
    assert not is_security_scheme(dependant)


def test_asking_for_the_scheme_of_something_else_is_an_error() -> None:
    with pytest.raises(TypeError, match="Expected a security scheme, found <function plain"):
        security_scheme(Dependant(call=plain))


@pytest.mark.parametrize(
    "dependant",
    [
        Dependant(own_oauth_scopes=["read"]),
        Dependant(security_scopes_param_name="scopes"),
        Dependant(call=scheme),
        Dependant(dependencies=[Dependant(dependencies=[Dependant(call=scheme)])]),
    ],
)
def test_scopes_matter_where_something_in_the_tree_reads_them(dependant: Dependant) -> None:
    assert uses_scopes(dependant)


def test_scopes_of_a_parent_alone_do_not_matter() -> None:
    assert not uses_scopes(Dependant(call=plain, parent_oauth_scopes=["read"], dependencies=[Dependant()]))


def test_the_answer_about_scopes_is_kept_in_the_given_cache() -> None:
    dependant = Dependant(call=plain)
    cache: dict[int, tuple[Dependant, bool]] = {}

    assert not uses_scopes(dependant, cache)
    dependant.own_oauth_scopes = ["read"]

    assert not uses_scopes(dependant, cache)
    assert uses_scopes(dependant)


def test_an_answer_about_another_object_of_the_same_id_is_not_used() -> None:
    dependant = Dependant(own_oauth_scopes=["read"])

    assert uses_scopes(dependant, {id(dependant): (Dependant(), False)})


def test_results_are_shared_by_callable_scopes_and_lifetime() -> None:
    assert cache_key(Dependant(call=plain, parent_oauth_scopes=["read"])) == (plain, (), "")
    assert cache_key(Dependant(call=generator)) == (generator, (), "request")
    assert cache_key(Dependant(call=scheme, own_oauth_scopes=["write", "read", "write"])) == (
        scheme,
        ("read", "write"),
        "",
    )


def test_the_tree_is_walked_parents_first_in_declaration_order() -> None:
    names = [
        node.name
        for node in walk(
            Dependant(
                name="top",
                dependencies=[
                    Dependant(name="a", dependencies=[Dependant(name="a1"), Dependant(name="a2")]),
                    Dependant(name="b"),
                ],
            )
        )
    ]

    assert names == ["top", "a", "a1", "a2", "b"]


def test_changes_are_counted() -> None:
    dependant = Dependant()
    before = generation.value

    dependant.name = "changed"
    dependant.dependencies.append(Dependant())

    assert generation.value >= before + 2


def test_changes_of_a_list_that_was_put_in_later_are_counted() -> None:
    dependant = Dependant(dependencies=[Dependant()])
    dependant.query_params = [FIELD]
    before = generation.value

    dependant.dependencies.append(Dependant())
    dependant.query_params.clear()

    assert generation.value >= before + 2


def test_a_fingerprint_stays_while_nothing_changes() -> None:
    dependant = Dependant(call=plain, dependencies=[Dependant(call=generator)])

    assert fingerprint(dependant) == fingerprint(dependant)


FIELD = create_model_field(name="q", type_=str)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("call", generator),
        ("name", "other"),
        ("use_cache", False),
        ("scope", "function"),
        ("concurrency", DependencyConcurrency(1)),
        ("query_params", [FIELD]),
        ("body_params", [FIELD]),
        ("dependencies", [Dependant()]),
        ("request_param_name", "request"),
        ("own_oauth_scopes", ["read"]),
    ],
)
def test_a_fingerprint_follows_every_change_that_plans_follow(attribute: str, value: object) -> None:
    inner = Dependant(call=plain)
    outer = Dependant(call=plain, dependencies=[inner])
    before = fingerprint(outer)

    setattr(inner, attribute, value)

    assert fingerprint(outer) != before
