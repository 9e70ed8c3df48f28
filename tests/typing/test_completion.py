"""What an editor offers while a path operation is being written."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.language_server import LanguageServer, completions, language_server

ROOT = Path(__file__).resolve().parents[2]
HEAD = (
    "from pronghorn import APIRouter, Depends, FastAPI, Query\n\napp = FastAPI()\nrouter = APIRouter()\n\n\n"
)

# The options of a verb decorator, as FastAPI has them.
ROUTE_OPTIONS = {
    *("response_model", "status_code", "tags", "dependencies", "summary", "description"),
    *("response_description", "responses", "deprecated", "operation_id", "response_model_include"),
    *("response_model_exclude", "response_model_by_alias", "response_model_exclude_unset"),
    *("response_model_exclude_defaults", "response_model_exclude_none", "include_in_schema"),
    *("response_class", "name", "callbacks", "openapi_extra", "generate_unique_id_function"),
    *("max_body_size", "form_limits"),
}
VERBS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageServer]:
    with language_server(ROOT) as server:
        yield server


def offered(server: LanguageServer, code: str) -> set[str]:
    """The keyword arguments that are offered after `code`."""
    labels = completions(server, ROOT / "typing_tests" / "unsaved.py", HEAD + code)
    return {label.removesuffix("=") for label in labels if label.endswith("=")}


@pytest.mark.parametrize("owner", ["app", "router"])
@pytest.mark.parametrize("verb", VERBS)
def test_every_option_of_a_verb_is_offered(server: LanguageServer, owner: str, verb: str) -> None:
    missing = ROUTE_OPTIONS - offered(server, f'@{owner}.{verb}("/", ')

    assert missing == set()


@pytest.mark.parametrize(
    ("code", "some"),
    [
        ("FastAPI(", {"title", "lifespan", "docs_url", "telemetry", "max_body_size"}),
        ("APIRouter(", {"prefix", "tags", "route_class", "form_limits"}),
        ("app.include_router(router, ", {"prefix", "tags", "dependencies", "responses"}),
        ("Query(", {"default", "alias", "ge", "max_length", "openapi_examples"}),
        ("Depends(", {"dependency", "use_cache", "scope", "max_concurrency"}),
    ],
)
def test_options_of_the_declarations_are_offered(server: LanguageServer, code: str, some: set[str]) -> None:
    assert some - offered(server, code) == set()
