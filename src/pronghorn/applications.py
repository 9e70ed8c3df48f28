"""The application class, under FastAPI's module name."""

from typing import Any

from pronghorn._app.application import FastAPI, Pronghorn

__all__ = ["FastAPI", "Pronghorn"]

_PAGE_MAKERS = (
    "get_redoc_html",
    "get_scalar_html",
    "get_swagger_ui_html",
    "get_swagger_ui_oauth2_redirect_html",
)


def __getattr__(name: str) -> Any:
    # Looked up here, so that replacing one on this module has its effect; loaded only when wanted.
    if name in _PAGE_MAKERS:
        from pronghorn._openapi import docs

        return getattr(docs, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _offer_page_makers() -> None:
    import sys

    Pronghorn.page_makers = sys.modules[__name__]


_offer_page_makers()
