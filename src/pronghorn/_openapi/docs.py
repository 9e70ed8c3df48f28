"""The documentation pages: Swagger UI, its OAuth 2 redirect, ReDoc and Scalar.

Each function makes one page from addresses and options; which addresses an application uses is
`pages`' business. Nothing here reads a request or a route.

Invariant: whatever is passed is shown as text. Values are escaped for the place where they stand,
in markup or in a script, so that a title or an option cannot become code.
"""

import html
import json
from typing import Any

from starlette.responses import HTMLResponse

from pronghorn._schema.encoder import jsonable_encoder

__all__ = [
    "get_redoc_html",
    "get_scalar_html",
    "get_swagger_ui_html",
    "get_swagger_ui_oauth2_redirect_html",
    "swagger_ui_default_parameters",
]

swagger_ui_default_parameters: dict[str, Any] = {
    "dom_id": "#swagger-ui",
    "layout": "BaseLayout",
    "deepLinking": True,
    "showExtensions": True,
    "showCommonExtensions": True,
}
"""The options with which Swagger UI is started, where an application sets no others."""

# A picture in the address itself: pages fetch nothing from elsewhere for it.
_FAVICON = (
    "data:image/svg+xml,%3Csvg%20xmlns=%22http://www.w3.org/2000/svg%22%20viewBox=%220%200%2032%2032%22%3E"
    "%3Cpath%20d=%22M10%2028C4%2018%206%208%2011%203c-1%204%200%206%202%208l2%203h2l2-3c2-2%203-4%202-8"
    "%205%205%207%2015%201%2025h-3V19h-6v9z%22%20fill=%22%23b5651d%22/%3E%3C/svg%3E"
)

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="{favicon}">
{head}
</head>
<body>
{body}
</body>
</html>
"""


def get_swagger_ui_html(
    *,
    openapi_url: str,
    title: str,
    swagger_js_url: str = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui-bundle.js",
    swagger_css_url: str = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui.css",
    swagger_favicon_url: str = _FAVICON,
    oauth2_redirect_url: str | None = None,
    init_oauth: dict[str, Any] | None = None,
    swagger_ui_parameters: dict[str, Any] | None = None,
) -> HTMLResponse:
    """Make the Swagger UI page.

    Args:
        openapi_url: where the page finds the OpenAPI document.
        title: the page's title.
        swagger_js_url: where the page finds Swagger UI's script.
        swagger_css_url: where the page finds Swagger UI's style.
        swagger_favicon_url: the page's icon.
        oauth2_redirect_url: the path of the page that OAuth 2 providers redirect to.
        init_oauth: options for Swagger UI's `initOAuth`.
        swagger_ui_parameters: options for Swagger UI; they win over
            `swagger_ui_default_parameters`.

    Example:
        >>> page = get_swagger_ui_html(openapi_url="/openapi.json", title="Books")
        >>> "<title>Books</title>" in page.body.decode()
        True
    """
    options = swagger_ui_default_parameters | (swagger_ui_parameters or {})
    settings = [f"url: {_script_text(openapi_url)}"]
    settings += [f"{_script_json(key)}: {_script_json(value)}" for key, value in options.items()]
    if oauth2_redirect_url:
        settings.append(f"oauth2RedirectUrl: window.location.origin + {_script_text(oauth2_redirect_url)}")
    settings.append(
        "presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset]",
    )
    start = "const ui = SwaggerUIBundle({\n" + "".join(f"  {setting},\n" for setting in settings) + "});"
    if init_oauth:
        start += f"\nui.initOAuth({_script_json(init_oauth)});"
    return _page(
        title=title,
        favicon=swagger_favicon_url,
        head=f'<link rel="stylesheet" href="{html.escape(swagger_css_url)}">',
        body=f'<div id="swagger-ui"></div>\n{_scripts(swagger_js_url, start)}',
    )


def get_redoc_html(
    *,
    openapi_url: str,
    title: str,
    redoc_js_url: str = "https://cdn.jsdelivr.net/npm/redoc@2/bundles/redoc.standalone.js",
    redoc_favicon_url: str = _FAVICON,
    with_google_fonts: bool = True,
) -> HTMLResponse:
    """Make the ReDoc page.

    Args:
        openapi_url: where the page finds the OpenAPI document.
        title: the page's title.
        redoc_js_url: where the page finds ReDoc's script.
        redoc_favicon_url: the page's icon.
        with_google_fonts: load the fonts that ReDoc is designed with from Google; without them
            the reader's own are used.

    Example:
        >>> page = get_redoc_html(openapi_url="/openapi.json", title="Books", with_google_fonts=False)
        >>> '<redoc spec-url="/openapi.json"></redoc>' in page.body.decode()
        True
    """
    fonts = "https://fonts.googleapis.com/css?family=Montserrat:300,400,700|Roboto:300,400,700"
    head = "<style>body { margin: 0; padding: 0; }</style>"
    if with_google_fonts:
        head += f'\n<link href="{fonts}" rel="stylesheet">'
    return _page(
        title=title,
        favicon=redoc_favicon_url,
        head=head,
        body=(
            "<noscript>ReDoc needs JavaScript: allow it for this page to read the documentation.</noscript>\n"
            f'<redoc spec-url="{html.escape(openapi_url)}"></redoc>\n{_scripts(redoc_js_url)}'
        ),
    )


def get_scalar_html(
    *,
    openapi_url: str,
    title: str,
    scalar_js_url: str = "https://cdn.jsdelivr.net/npm/@scalar/api-reference@1",
    scalar_favicon_url: str = _FAVICON,
    scalar_parameters: dict[str, Any] | None = None,
) -> HTMLResponse:
    """Make the Scalar page.

    Args:
        openapi_url: where the page finds the OpenAPI document.
        title: the page's title.
        scalar_js_url: where the page finds Scalar's script.
        scalar_favicon_url: the page's icon.
        scalar_parameters: further options for Scalar's `createApiReference`.

    Example:
        >>> page = get_scalar_html(openapi_url="/openapi.json", title="Books")
        >>> '"url": "/openapi.json"' in page.body.decode()
        True
    """
    options = {"url": openapi_url, **(scalar_parameters or {})}
    start = f"Scalar.createApiReference('#scalar', {_script_json(options)});"
    return _page(
        title=title,
        favicon=scalar_favicon_url,
        head="<style>body { margin: 0; }</style>",
        body=f'<div id="scalar"></div>\n{_scripts(scalar_js_url, start)}',
    )


def get_swagger_ui_oauth2_redirect_html() -> HTMLResponse:
    """Make the page that an OAuth 2 provider sends the user back to.

    It hands the provider's answer to the Swagger UI page that opened it, and closes itself.

    Source: RFC 6749, 4.1.2 and 4.2.2; Swagger UI's `oauth2RedirectUrl`.
    """
    return _page(
        title="Swagger UI: OAuth2 Redirect",
        favicon=_FAVICON,
        head="",
        body=f"<script>\n{_OAUTH2_REDIRECT}</script>",
    )


# `swaggerUIRedirectOauth2` is what Swagger UI leaves in its window for this page: the wanted `state`,
# the `auth` being made, and the two functions to end it with.
_OAUTH2_REDIRECT = """\
"use strict";
const request = window.opener.swaggerUIRedirectOauth2;
const fragment = window.location.hash.slice(1).replace("?", "&");
const answer = Object.fromEntries(
  new URLSearchParams(/code|token|error/.test(fragment) ? fragment : window.location.search)
);
const isValid = answer.state === request.state;
const wantsCode = ["accessCode", "authorizationCode", "authorization_code"]
  .includes(request.auth.schema.get("flow")) && !request.auth.code;
const report = (level, message) =>
  request.errCb({ authId: request.auth.name, source: "auth", level, message });

if (!wantsCode) {
  request.callback({
    auth: request.auth, token: answer, isValid, redirectUrl: request.redirectUrl,
  });
} else {
  if (!isValid) {
    report("warning", "The answer may not be the provider's: its state is not the one that was sent.");
  }
  if (answer.code) {
    delete request.state;
    request.auth.code = answer.code;
    request.callback({ auth: request.auth, redirectUrl: request.redirectUrl });
  } else {
    const details = [answer.error_description, answer.error_uri].filter(Boolean).join(" ");
    report("error", answer.error ? `[${answer.error}]: ${details}` : "The provider sent no access code.");
  }
}
window.close();
"""


def _page(*, title: str, favicon: str, head: str, body: str) -> HTMLResponse:
    """Put a page together; `head` and `body` are markup, the others text."""
    return HTMLResponse(
        _PAGE.format(title=html.escape(title), favicon=html.escape(favicon), head=head, body=body)
    )


def _scripts(url: str, start: str = "") -> str:
    """Load a page's script, tell the reader when that fails, and start it."""
    source = html.escape(url)
    failure = "document.body.append('The script of this page could not be loaded: ' + this.src)"
    loaded = f'<script src="{source}" onerror="{failure}"></script>'
    return f"{loaded}\n<script>\n{start}\n</script>" if start else loaded


def _script_json(value: Any) -> str:
    """A value as JSON that may stand in a script: no character in it can end the element."""
    text = json.dumps(jsonable_encoder(value))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _script_text(value: str) -> str:
    """A text as a script's string in single quotes."""
    return "'" + _script_json(value)[1:-1].replace("'", "\\'") + "'"
