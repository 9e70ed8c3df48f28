"""The functions that declare parameters and dependencies in signatures.

They differ from the classes of `pronghorn.params` in one thing only: for type checkers they return
`Any`, so that they can stand as the default of a parameter of any type. Their options are written
once, with the classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from typing_extensions import Unpack

from pronghorn import params
from pronghorn._base.sentinels import Undefined
from pronghorn._base.spelled_out import spelled_out
from pronghorn._declare.params import SHOWN_DEFAULTS, BodyOptions, FormOptions, HeaderOptions, ParamOptions

__all__ = ["Body", "Cookie", "Depends", "File", "Form", "Header", "Path", "Query", "Security"]


@spelled_out(ParamOptions, SHOWN_DEFAULTS)
def Path(default: Any = ..., **options: Unpack[ParamOptions]) -> Any:
    """Declare a parameter in the path, with constraints or documentation.

    Args:
        default: only ``...``: a path parameter is always required.
        **options: see `ParamOptions`.

    Example:
        >>> from typing import Annotated
        >>> async def read_item(item_id: Annotated[int, Path(ge=1)]): ...
    """
    return params.Path(default, **options)


@spelled_out(ParamOptions, SHOWN_DEFAULTS)
def Query(default: Any = Undefined, **options: Unpack[ParamOptions]) -> Any:
    """Declare a parameter in the query string; a list type takes repeated names.

    Args:
        default: the value when it was not sent; required without one.
        **options: see `ParamOptions`.

    Example:
        >>> from typing import Annotated
        >>> async def search(q: Annotated[str | None, Query(max_length=50)] = None): ...
    """
    return params.Query(default, **options)


@spelled_out(HeaderOptions, SHOWN_DEFAULTS)
def Header(default: Any = Undefined, **options: Unpack[HeaderOptions]) -> Any:
    """Declare a parameter in a request header; ``user_agent`` reads ``User-Agent``.

    Args:
        default: the value when it was not sent; required without one.
        **options: see `HeaderOptions`.

    Example:
        >>> from typing import Annotated
        >>> async def read(user_agent: Annotated[str | None, Header()] = None): ...
    """
    return params.Header(default, **options)


@spelled_out(ParamOptions, SHOWN_DEFAULTS)
def Cookie(default: Any = Undefined, **options: Unpack[ParamOptions]) -> Any:
    """Declare a parameter in a cookie.

    Args:
        default: the value when it was not sent; required without one.
        **options: see `ParamOptions`.

    Example:
        >>> from typing import Annotated
        >>> async def read(session: Annotated[str | None, Cookie()] = None): ...
    """
    return params.Cookie(default, **options)


@spelled_out(BodyOptions, SHOWN_DEFAULTS)
def Body(default: Any = Undefined, **options: Unpack[BodyOptions]) -> Any:
    """Declare a parameter in the request body; models need it only for its options.

    Args:
        default: the value when it was not sent; required without one.
        **options: see `BodyOptions`.

    Example:
        >>> from typing import Annotated
        >>> async def rate(importance: Annotated[int, Body(embed=True, ge=0)]): ...
    """
    return params.Body(default, **options)


@spelled_out(FormOptions, SHOWN_DEFAULTS)
def Form(default: Any = Undefined, **options: Unpack[FormOptions]) -> Any:
    """Declare a field of a form; needs python-multipart.

    Args:
        default: the value when it was not sent, or sent empty; required without one.
        **options: see `FormOptions`.

    Example:
        >>> from typing import Annotated
        >>> async def login(username: Annotated[str, Form()]): ...
    """
    return params.Form(default, **options)


@spelled_out(FormOptions, SHOWN_DEFAULTS)
def File(default: Any = Undefined, **options: Unpack[FormOptions]) -> Any:
    """Declare a file of a multipart form, as `UploadFile` or bytes; needs python-multipart.

    Args:
        default: the value when none was sent; required without one.
        **options: see `FormOptions`.

    Example:
        >>> from typing import Annotated
        >>> async def upload(cover: Annotated[bytes, File()]): ...
    """
    return params.File(default, **options)


def Depends(
    dependency: Callable[..., Any] | None = None,
    *,
    use_cache: bool = True,
    scope: Literal["function", "request"] | None = None,
    max_concurrency: int | None = None,
) -> Any:
    """Declare a dependency: the parameter's value is what ``dependency`` returns or yields.

    Args:
        dependency: the callable, whose own parameters are read from the request; the parameter's type
            by default.
        use_cache: whether one result may serve every place in a request that names the callable.
        scope: when what follows a ``yield`` runs: after the response ("request", the default), or before
            it, once the path operation function returned ("function").
        max_concurrency: the most uses of this declaration at once, per event loop; no cap by default.

    Example:
        >>> from typing import Annotated
        >>> async def page(skip: int = 0, limit: int = 100):
        ...     return skip, limit
        >>> async def read_items(page: Annotated[tuple[int, int], Depends(page)]): ...
    """
    return params.Depends(
        dependency=dependency, use_cache=use_cache, scope=scope, max_concurrency=max_concurrency
    )


def Security(
    dependency: Callable[..., Any] | None = None,
    *,
    scopes: Sequence[str] | None = None,
    use_cache: bool = True,
) -> Any:
    """Declare a dependency that requires OAuth2 scopes, shown in the OpenAPI document.

    Args:
        dependency: as for `Depends`; it sees all scopes required above it in `SecurityScopes`.
        scopes: the scopes required here.
        use_cache: as for `Depends`.

    Example:
        >>> from typing import Annotated
        >>> def current_user(): ...
        >>> async def read_me(user: Annotated[str, Security(current_user, scopes=["me"])]): ...
    """
    return params.Security(dependency=dependency, scopes=scopes, use_cache=use_cache)
