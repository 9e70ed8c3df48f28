"""What packages do to lists of routes and to routes."""

from __future__ import annotations

from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from tests.dropin.changes import UNCHANGED, Shop, change, other, plain, refuse
from tests.dropin.modules import imported

# --- lists of routes


@change(404, 404, 404)
def routes_replaced_in_place(shop: Shop) -> None:
    for router in shop.routers:
        router.routes[:] = []


@change(404, 404, 404)
def routes_replaced(shop: Shop) -> None:
    for router in shop.routers:
        router.routes = []


@change("plain", "plain", "plain", theirs=("plain", "item 1", "item 1"))
def routes_replaced_and_appended_to(shop: Shop) -> None:
    for router in reversed(shop.routers):
        router.routes = [route for route in router.routes if route not in shop.routes]
        router.routes.append(Route("/item", plain))


@change("item 1", "item 1", "item 1")
def routes_appended(shop: Shop) -> None:
    for router in shop.routers:
        router.routes.append(Route("/item", plain))


@change("plain", "plain", "plain", theirs=("plain", "item 1", "item 1"))
def routes_inserted(shop: Shop) -> None:
    for router in shop.routers:
        router.routes.insert(0, Route("/item", plain))


@change("plain", "plain", "plain", theirs=("plain", "item 1", "item 1"))
def a_slice_of_routes_assigned(shop: Shop) -> None:
    for router in shop.routers:
        router.routes[0:0] = [Route("/item", plain)]


@change(404, 404, 404, theirs=(404, "item 1", "item 1"))
def routes_removed(shop: Shop) -> None:
    for router, route in zip(shop.routers, shop.routes, strict=True):
        router.routes.remove(route)


@change(404, 404, 404, theirs=(404, "item 1", "item 1"))
def routes_popped(shop: Shop) -> None:
    for router, route in zip(shop.routers, shop.routes, strict=True):
        router.routes.pop(router.routes.index(route))


@change(404, 404, 404, theirs=(404, "item 1", "item 1"))
def routes_deleted(shop: Shop) -> None:
    for router, route in zip(shop.routers, shop.routes, strict=True):
        del router.routes[router.routes.index(route)]


@change("plain", "plain", "plain", theirs=("plain", "item 1", "item 1"))
def routes_extended_and_turned_round(shop: Shop) -> None:
    for router in shop.routers:
        router.routes.extend([Route("/item", plain)])
        router.routes.reverse()


@change(404, 404, 404)
def routes_cleared(shop: Shop) -> None:
    for router in shop.routers:
        router.routes.clear()


@change("plain", "plain", "plain", theirs=("plain", "item 1", "item 1"))
def a_member_of_routes_replaced(shop: Shop) -> None:
    for router, route in zip(shop.routers, shop.routes, strict=True):
        router.routes[router.routes.index(route)] = Route("/item", plain)


# --- attributes of routes


@change("plain", "item 1", "item 1")
def the_app_of_a_route_replaced(shop: Shop) -> None:
    request_response = imported("fastapi.routing").request_response
    for route in shop.routes:
        route.app = request_response(plain)


@change("wrapped", "item 1", "item 1")
def the_app_of_a_route_wrapped(shop: Shop) -> None:
    for route in shop.routes:
        route.app = JSONResponse("wrapped")


@change("item 1", "item 1", "item 1")
def the_dependant_of_a_route_replaced(shop: Shop) -> None:
    get_dependant = imported("fastapi.dependencies.utils").get_dependant
    for route in shop.routes:
        route.dependant = get_dependant(path=route.path_format, call=other)


@change(418, "item 1", "item 1")
def a_dependency_put_into_the_dependant(shop: Shop) -> None:
    utils, params = imported("fastapi.dependencies.utils"), imported("fastapi.params")
    for route in shop.routes:
        added = utils.get_parameterless_sub_dependant(depends=params.Depends(refuse), path=route.path_format)
        route.dependant.dependencies.insert(0, added)


@change(418, "item 1", "item 1")
def the_dependencies_of_the_dependant_replaced_and_appended_to(shop: Shop) -> None:
    utils, params = imported("fastapi.dependencies.utils"), imported("fastapi.params")
    for route in shop.routes:
        route.dependant.dependencies = []
        route.dependant.dependencies.append(
            utils.get_parameterless_sub_dependant(depends=params.Depends(refuse), path=route.path_format)
        )


@change("other 1", "item 1", "item 1")
def the_call_of_the_dependant_replaced(shop: Shop) -> None:
    for route in shop.routes:
        route.dependant.call = other


@change("item 1", "item 1", "item 1")
def the_query_parameters_of_the_dependant_cleared(shop: Shop) -> None:
    for route in shop.routes:
        route.dependant.query_params.clear()


@change(422, "item 1", "item 1")
def a_query_parameter_added_to_the_dependant(shop: Shop) -> None:
    utils = imported("fastapi.dependencies.utils")

    async def needs(word: str) -> None: ...

    for route in shop.routes:
        wanted = utils.get_dependant(path=route.path_format, call=needs)
        route.dependant.query_params.extend(wanted.query_params)


@change("item 1", 418, 418, late=UNCHANGED)
def the_dependencies_of_a_route_extended(shop: Shop) -> None:
    for route in shop.routes:
        route.dependencies.extend([imported("fastapi").Depends(refuse)])


@change("item 1", 418, 418, late=UNCHANGED)
def the_dependencies_of_a_route_replaced(shop: Shop) -> None:
    for route in shop.routes:
        route.dependencies = [imported("fastapi").Depends(refuse)]


@change("item 1", "other 2", "other 2", late=UNCHANGED)
def the_endpoint_of_a_route_replaced(shop: Shop) -> None:
    for route in shop.routes:
        route.endpoint = other


@change("item 1", 500, 500, late=UNCHANGED)
def the_response_model_of_a_route_replaced(shop: Shop) -> None:
    for route in shop.routes:
        route.response_model = int


@change("item 1", "item 1", "item 1")
def the_response_field_of_a_route_replaced(shop: Shop) -> None:
    field = imported("fastapi.utils").create_model_field("reply", int, mode="serialization")
    for route in shop.routes:
        route.response_field = field


@change("item 1", "item 1", "item 1")
def the_body_field_of_a_route_replaced(shop: Shop) -> None:
    field = imported("fastapi.utils").create_model_field("body", int)
    for route in shop.routes:
        route.body_field = field


@change(405, 405, 405, late=(405, "item 1", "item 1"))
def the_methods_of_a_route_replaced(shop: Shop) -> None:
    for route in shop.routes:
        route.methods = {"POST"}


@change(405, 405, 405, late=(405, "item 1", "item 1"))
def the_methods_of_a_route_changed_in_place(shop: Shop) -> None:
    for route in shop.routes:
        route.methods.clear()
        route.methods.add("POST")


@change("item 1", 404, 404, late=UNCHANGED)
def the_path_of_a_route_replaced(shop: Shop) -> None:
    for route in shop.routes:
        route.path = "/moved"


@change(404, 404, 404, late=(404, "item 1", "item 1"))
def the_compiled_path_of_a_route_replaced(shop: Shop) -> None:
    compile_path = imported("starlette.routing").compile_path
    for route in shop.routes:
        route.path = "/moved"
        route.path_regex, route.path_format, route.param_convertors = compile_path(route.path)


@change("item 1", 418, 418, late=UNCHANGED)
def the_status_of_a_route_replaced(shop: Shop) -> None:
    for route in shop.routes:
        route.status_code = 418


@change("item 1", "item 1", "item 1")
def the_response_class_of_a_route_replaced(shop: Shop) -> None:
    for route in shop.routes:
        route.response_class = PlainTextResponse


@change("handled", "handled", "handled")
def the_handler_of_a_route_replaced(shop: Shop) -> None:
    for route in shop.routes:
        route.handle = JSONResponse("handled")


@change("item 1", "plain", "plain", late=UNCHANGED)
def the_route_handler_of_a_route_replaced(shop: Shop) -> None:
    for route in shop.routes:
        route.get_route_handler = lambda: plain


@change(404, 404, 404)
def the_matching_of_a_route_replaced(shop: Shop) -> None:
    nothing = imported("starlette.routing").Match.NONE
    for route in shop.routes:
        route.matches = lambda scope: (nothing, {})
