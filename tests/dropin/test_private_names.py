"""Private functions and classes, called and asked as packages do that import them from FastAPI."""

import inspect
from contextlib import AsyncExitStack
from typing import Annotated, Any

import pytest
from pydantic import AliasChoices, BaseModel
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse

from tests.dropin.modules import imported

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("installed")]


class Item(BaseModel):
    name: str
    price: float = 1.0


class Order(BaseModel):
    items: list[Item]


def request_for(app: Any, stack: AsyncExitStack, query: bytes = b"") -> Request:
    """A request as a route of `app` is given it."""
    stacks = dict.fromkeys(
        ["fastapi_middleware_astack", "fastapi_inner_astack", "fastapi_function_astack"], stack
    )
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": query, "app": app}

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    return Request({**scope, "path_params": {}, **stacks}, receive)


async def page(number: int, size: int = 10) -> int:
    return number * size


def annotated(default: Any, marker: Any) -> Any:
    """A dependency that needs FastAPI's own marker in its signature."""

    async def needs(start: int) -> int:
        return start + 1

    needs.__annotations__["start"] = Annotated[int, marker(default)]
    return needs


# --- solving dependencies outside of a route


@pytest.mark.parametrize("module", ["fastapi.dependencies.utils", "fastapi.routing"])
async def test_dependencies_can_be_solved_for_any_callable(module: str) -> None:
    fastapi, utils = imported("fastapi"), imported("fastapi.dependencies.utils")
    dependant = utils.get_dependant(path="/", call=annotated(page, fastapi.Depends))
    async with AsyncExitStack() as stack:
        solved = await imported(module).solve_dependencies(
            request=request_for(fastapi.FastAPI(), stack, b"number=4"),
            dependant=dependant,
            async_exit_stack=stack,
            embed_body_fields=False,
        )
    assert (solved.values, solved.errors) == ({"start": 40}, [])
    assert await dependant.call(**solved.values) == 41


async def test_errors_of_solving_are_given_back() -> None:
    fastapi, utils = imported("fastapi"), imported("fastapi.dependencies.utils")
    async with AsyncExitStack() as stack:
        solved = await utils.solve_dependencies(
            request=request_for(fastapi.FastAPI(), stack),
            dependant=utils.get_dependant(path="/", call=page),
            async_exit_stack=stack,
            embed_body_fields=False,
        )
    assert [error["loc"] for error in solved.errors] == [("query", "number")]


async def test_overrides_of_the_provider_are_used() -> None:
    fastapi, utils = imported("fastapi"), imported("fastapi.dependencies.utils")
    app = fastapi.FastAPI()
    app.dependency_overrides[page] = lambda: 7
    async with AsyncExitStack() as stack:
        solved = await utils.solve_dependencies(
            request=request_for(app, stack),
            dependant=utils.get_dependant(path="/", call=annotated(page, fastapi.Depends)),
            dependency_overrides_provider=app,
            async_exit_stack=stack,
            embed_body_fields=False,
        )
    assert solved.values == {"start": 7}


# --- looking at signatures and dependants


def test_signatures_are_read_with_their_annotations_resolved() -> None:
    utils = imported("fastapi.dependencies.utils")
    namespace: dict[str, Any] = {"Item": Item}
    exec("def call(item: 'Item', count: 'int' = 1) -> 'Item': ...", namespace)
    signature = utils.get_typed_signature(namespace["call"])
    assert isinstance(signature, inspect.Signature)
    assert [each.annotation for each in signature.parameters.values()] == [Item, int]
    assert utils.get_typed_return_annotation(namespace["call"]) is Item


def test_the_parameters_of_a_dependant_are_listed() -> None:
    fastapi, utils = imported("fastapi"), imported("fastapi.dependencies.utils")
    dependant = utils.get_dependant(path="/", call=annotated(page, fastapi.Depends))
    assert [field.name for field in utils.get_flat_params(dependant)] == ["number", "size"]
    assert isinstance(dependant, imported("fastapi.dependencies.models").Dependant)
    assert [inner.call for inner in dependant.dependencies] == [page]


def test_bodies_are_put_together() -> None:
    utils = imported("fastapi.dependencies.utils")

    async def one(item: Item) -> None: ...
    async def two(item: Item, order: Order) -> None: ...

    found = []
    for call in (one, two):
        params = utils._get_flat_body_params(utils.get_dependant(path="/", call=call))
        embeds = utils._should_embed_body_fields(params)
        field = utils._get_body_field(body_params=params, name="add", embed_body_fields=embeds)
        found.append((embeds, field.name, field.field_info.annotation.__name__))
    assert found == [(False, "item", "Item"), (True, "body", "Body_add")]


def test_parameters_are_read_from_any_mapping() -> None:
    utils = imported("fastapi.dependencies.utils")
    fields = utils.get_dependant(path="/", call=page).query_params
    assert utils.request_params_to_args(fields, QueryParams("number=3")) == ({"number": 3, "size": 10}, [])
    values, errors = utils.request_params_to_args(fields, received_params=QueryParams("number=x&size=2"))
    assert (values, [error["type"] for error in errors]) == ({"size": 2}, ["int_parsing"])


def test_the_name_of_a_parameter_in_the_request_is_told() -> None:
    fastapi, utils = imported("fastapi"), imported("fastapi.dependencies.utils")

    async def endpoint(plain: int, renamed: int = 1) -> None: ...

    endpoint.__annotations__["renamed"] = Annotated[int, fastapi.Query(alias="re-named")]
    fields = utils.get_dependant(path="/", call=endpoint).query_params
    assert [utils.get_validation_alias(field) for field in fields] == ["plain", "re-named"]


def test_classes_are_compared_leniently() -> None:
    for module in ("fastapi.dependencies.utils", "fastapi._compat", "fastapi._compat.shared"):
        lenient = imported(module).lenient_issubclass
        assert (lenient(Item, BaseModel), lenient(int, BaseModel), lenient(list[int], BaseModel)) == (
            True,
            False,
            False,
        )


# --- types and fields


def test_annotations_are_sorted_into_kinds() -> None:
    compat = imported("fastapi._compat")
    kinds: dict[str, tuple[list[Any], list[Any]]] = {
        "field_annotation_is_sequence": ([list[int], tuple[int, ...], set[str]], [int, str, Item]),
        "field_annotation_is_scalar_sequence": ([list[int], list[int] | None], [list[Item], int]),
        "field_annotation_is_scalar": ([int, str | None], [Item, list[int]]),
        "is_bytes_or_nonable_bytes_annotation": ([bytes, bytes | None], [str, list[bytes]]),
        "is_bytes_sequence_annotation": ([list[bytes]], [bytes, list[str]]),
    }
    wrong = [
        (name, annotation)
        for name, (right, others) in kinds.items()
        for annotation in (*right, *others)
        if getattr(compat, name)(annotation) is not (annotation in right)
    ]
    assert wrong == []
    assert compat.Undefined is imported("pydantic_core").PydanticUndefined


@pytest.mark.parametrize("module", ["fastapi._compat", "fastapi._compat.v2"])
def test_fields_validate_and_serialize(module: str) -> None:
    kind = imported(module).ModelField
    field = imported("fastapi.utils").create_model_field("order", Order, mode="serialization")
    assert isinstance(field, kind)
    value, errors = field.validate({"items": [{"name": "pen"}]}, {}, loc=("body",))
    assert (value, errors) == (Order(items=[Item(name="pen")]), [])
    assert field.serialize(value) == {"items": [{"name": "pen", "price": 1.0}]}
    _, errors = field.validate({}, {}, loc=("body",))
    assert [error["loc"] for error in errors] == [("body", "items")]


@pytest.mark.parametrize("module", ["fastapi._compat", "fastapi._compat.v2"])
def test_models_of_fields_are_named_for_a_document(module: str) -> None:
    compat = imported(module)
    field = imported("fastapi.utils").create_model_field("order", Order, mode="serialization")
    models = compat.get_flat_models_from_fields([field], known_models=set())
    assert models == {Order, Item}
    assert compat.get_model_name_map(models) == {Order: "Order", Item: "Item"}


def test_fields_are_collected_from_routes() -> None:
    app = imported("fastapi").FastAPI()

    async def add(order: Order) -> Item:
        return order.items[0]

    app.post("/orders")(add)
    fields = imported("fastapi.openapi.utils").get_fields_from_routes(app.routes)
    assert {field.field_info.annotation for field in fields} == {Order, Item}


def test_small_helpers_answer_as_ever() -> None:
    utils, data = imported("fastapi.utils"), imported("fastapi.datastructures")
    allowed = [
        utils.is_body_allowed_for_status_code(code) for code in (None, 200, 204, 304, "default", "4XX")
    ]
    assert allowed == [True, True, False, False, True, True]
    placeholder = data.Default(1)
    assert isinstance(placeholder, data.DefaultPlaceholder)
    assert (placeholder.value, placeholder == data.Default(1), bool(data.Default(0))) == (1, True, False)
    assert isinstance(data._Unset, data.DefaultPlaceholder)
    assert imported("fastapi.openapi.constants").REF_PREFIX == "#/components/schemas/"
    assert imported("fastapi.logger").logger.name == "fastapi"


def test_models_of_a_document_can_be_filled_in() -> None:
    models = imported("fastapi.openapi.models")
    flow = models.OAuthFlowAuthorizationCode(authorizationUrl="/a", tokenUrl="/t", scopes={"read": "Read"})
    schemes = {
        "oauth2": models.OAuth2(flows=models.OAuthFlows(authorizationCode=flow)),
        "apiKey": models.APIKey(**{"in": models.APIKeyIn.header}, name="x-key"),
        "http": models.HTTPBearer(bearerFormat="JWT"),
        "openIdConnect": models.OpenIdConnect(openIdConnectUrl="/id"),
    }
    dumped = {
        kind: scheme.model_dump(mode="json", by_alias=True, exclude_none=True)
        for kind, scheme in schemes.items()
    }
    assert {kind: one["type"] for kind, one in dumped.items()} == {kind: kind for kind in schemes}
    assert dumped["oauth2"]["flows"]["authorizationCode"]["scopes"] == {"read": "Read"}
    assert all(isinstance(scheme, models.SecurityBase) for scheme in schemes.values())
    assert {kind.value for kind in models.SecuritySchemeType} == {*schemes}
    described = models.Parameter(**{"in": "query", "name": "q", "schema": models.Schema(type="string")})
    operation = models.Operation(parameters=[described], responses={"200": models.Response(description="ok")})
    assert operation.model_dump(mode="json", by_alias=True, exclude_none=True) == {
        "parameters": [{"in": "query", "name": "q", "schema": {"type": "string"}}],
        "responses": {"200": {"description": "ok"}},
    }


def test_ids_of_operations_are_made_of_name_path_and_method() -> None:
    route = imported("fastapi.routing").APIRoute("/pages/{number}", page, methods=["GET"])
    assert imported("fastapi.utils").generate_unique_id(route) == "page_pages__number__get"


def test_the_bases_of_markers_tell_where_a_value_is_read_from() -> None:
    fastapi, params = imported("fastapi"), imported("fastapi.params")
    assert [kind.in_ for kind in (params.Query, params.Header)] == [
        params.ParamTypes.query,
        params.ParamTypes.header,
    ]
    assert isinstance(fastapi.Query(), params.Param)
    assert isinstance(fastapi.File(), params.Form)
    assert isinstance(fastapi.Form(), params.Body)
    assert isinstance(fastapi.Security(page), params.Depends)


# --- routing


async def test_handlers_can_be_made_and_called() -> None:
    fastapi, routing = imported("fastapi"), imported("fastapi.routing")
    dependant = imported("fastapi.dependencies.utils").get_dependant(path="/", call=page)
    for handler in (
        routing.get_request_handler(dependant=dependant, status_code=201),
        routing.get_request_handler(dependant, None, 201, JSONResponse),
    ):
        async with AsyncExitStack() as stack:
            response = await handler(request_for(fastapi.FastAPI(), stack, b"number=2"))
        assert (response.status_code, response.body) == (201, b"20")


async def test_the_steps_of_a_request_can_be_called() -> None:
    routing = imported("fastapi.routing")
    dependant = imported("fastapi.dependencies.utils").get_dependant(path="/", call=page)
    run = routing.run_endpoint_function
    assert await run(dependant=dependant, values={"number": 2}, is_coroutine=True) == 20
    field = imported("fastapi.utils").create_model_field("reply", Item, mode="serialization")
    pen = {"name": "pen", "price": 2, "colour": "blue"}
    serialized = await routing.serialize_response(field=field, response_content=pen, exclude={"price"})
    assert serialized == {"name": "pen"}


def test_routes_are_walked_through_inclusions() -> None:
    fastapi, routing = imported("fastapi"), imported("fastapi.routing")
    app, outer, inner = fastapi.FastAPI(openapi_url=None), fastapi.APIRouter(), fastapi.APIRouter()
    inner.get("/page")(page)
    outer.include_router(inner, prefix="/inner")
    app.include_router(outer, prefix="/outer")
    (included,) = app.routes
    assert isinstance(included, routing._IncludedRouter)
    assert included.original_router is outer
    ((route, effective),) = routing._iter_routes_with_context(app.routes)
    assert route is inner.routes[0]
    assert isinstance(effective, routing._EffectiveRouteContext)
    assert (effective.path, effective.original_route) == ("/outer/inner/page", route)
    (context,) = routing.iter_route_contexts(app.routes)
    assert isinstance(context, routing.RouteContext)
    assert (context.path, context.methods, context.route) == ("/outer/inner/page", {"GET"}, route)
    assert (context.endpoint, context.dependant.call) == (page, page)


async def test_lifespans_are_merged() -> None:
    routing = imported("fastapi.routing")
    router = imported("fastapi").APIRouter(on_startup=[lambda: started.append("router")])
    started: list[str] = []
    assert isinstance(router.lifespan_context, routing._DefaultLifespan)
    merged = routing._merge_lifespan_context(router.lifespan_context, routing._DefaultLifespan(router))
    async with merged(None):
        assert started == ["router", "router"]


def test_a_union_of_names_is_an_alias_too() -> None:
    fastapi, utils = imported("fastapi"), imported("fastapi.dependencies.utils")

    async def endpoint(word: str) -> None: ...

    endpoint.__annotations__["word"] = Annotated[str, fastapi.Query(validation_alias=AliasChoices("a", "b"))]
    (field,) = utils.get_dependant(path="/", call=endpoint).query_params
    assert utils.request_params_to_args([field], QueryParams("b=1")) == ({"word": "1"}, [])
