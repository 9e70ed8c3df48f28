import json
import re

from starlette.responses import HTMLResponse

from pronghorn._openapi.docs import (
    get_redoc_html,
    get_scalar_html,
    get_swagger_ui_html,
    get_swagger_ui_oauth2_redirect_html,
    swagger_ui_default_parameters,
)


def text(page: HTMLResponse) -> str:
    return bytes(page.body).decode()


def test_pages_are_html() -> None:
    page = get_swagger_ui_html(openapi_url="/openapi.json", title="T")

    assert (page.status_code, page.media_type) == (200, "text/html")


def test_swagger_ui_loads_from_the_cdn_unless_told_otherwise() -> None:
    by_default = text(get_swagger_ui_html(openapi_url="/o", title="T"))
    told = text(
        get_swagger_ui_html(
            openapi_url="/o",
            title="T",
            swagger_js_url="/my.js",
            swagger_css_url="/my.css",
            swagger_favicon_url="/my.png",
        )
    )

    assert "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui-bundle.js" in by_default
    assert "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui.css" in by_default
    assert [part in told for part in ("/my.js", "/my.css", "/my.png", "cdn")] == [True, True, True, False]


def test_swagger_ui_is_started_with_the_default_options() -> None:
    page = text(get_swagger_ui_html(openapi_url="/openapi.json", title="T"))

    assert "url: '/openapi.json'," in page
    assert all(
        f"{json.dumps(key)}: {json.dumps(value)}," in page
        for key, value in swagger_ui_default_parameters.items()
    )
    assert "oauth2RedirectUrl" not in page
    assert "initOAuth" not in page


def test_swagger_ui_options_win_over_the_defaults_and_leave_them_as_they_are() -> None:
    page = text(
        get_swagger_ui_html(
            openapi_url="/o",
            title="T",
            swagger_ui_parameters={"deepLinking": False, "syntaxHighlight": {"theme": "obsidian"}},
        )
    )

    assert '"deepLinking": false,' in page
    assert '"deepLinking": true' not in page
    assert '"syntaxHighlight": {"theme": "obsidian"},' in page
    assert swagger_ui_default_parameters["deepLinking"] is True


def test_swagger_ui_knows_where_oauth2_providers_redirect_to() -> None:
    page = text(
        get_swagger_ui_html(
            openapi_url="/o", title="T", oauth2_redirect_url="/docs/back", init_oauth={"clientId": "c"}
        )
    )

    assert "oauth2RedirectUrl: window.location.origin + '/docs/back'," in page
    assert 'ui.initOAuth({"clientId": "c"});' in page


def test_values_cannot_become_code() -> None:
    attack = "</script><script>alert('1')</script>"
    pages = [
        get_swagger_ui_html(
            openapi_url=attack,
            title=attack,
            swagger_js_url=f'"{attack}',
            oauth2_redirect_url=attack,
            init_oauth={attack: attack},
            swagger_ui_parameters={attack: attack},
        ),
        get_redoc_html(openapi_url=attack, title=attack, redoc_js_url=f'"{attack}', redoc_favicon_url=attack),
        get_scalar_html(openapi_url=attack, title=attack, scalar_parameters={attack: attack}),
    ]

    assert [re.findall(r"<script>alert", text(page)) for page in pages] == [[], [], []]
    assert "url: '\\u003c/script\\u003e\\u003cscript\\u003ealert(\\'1\\')" in text(pages[0])


def test_redoc_loads_fonts_unless_told_otherwise() -> None:
    with_fonts = text(get_redoc_html(openapi_url="/openapi.json", title="T"))
    without = text(get_redoc_html(openapi_url="/openapi.json", title="T", with_google_fonts=False))

    assert "https://cdn.jsdelivr.net/npm/redoc@2/bundles/redoc.standalone.js" in with_fonts
    assert ["fonts.googleapis.com" in page for page in (with_fonts, without)] == [True, False]
    assert '<redoc spec-url="/openapi.json"></redoc>' in without


def test_scalar_takes_further_options() -> None:
    page = text(get_scalar_html(openapi_url="/openapi.json", title="T", scalar_parameters={"theme": "moon"}))

    assert "https://cdn.jsdelivr.net/npm/@scalar/api-reference@1" in page
    assert '{"url": "/openapi.json", "theme": "moon"}' in page


def test_a_page_says_so_when_its_script_cannot_be_loaded() -> None:
    pages = [
        make(openapi_url="/o", title="T") for make in (get_swagger_ui_html, get_redoc_html, get_scalar_html)
    ]

    assert ["could not be loaded" in text(page) for page in pages] == [True, True, True]


def test_the_redirect_page_hands_the_answer_to_swagger_ui() -> None:
    page = text(get_swagger_ui_oauth2_redirect_html())

    assert "window.opener.swaggerUIRedirectOauth2" in page
    assert "window.close()" in page
