"""The shop's page and `/docs` in headless Chromium, against the shop on the native server.

`BOOKSHOP_SCREENSHOTS` may name a directory to keep pictures of the pages in, for looking at.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from .test_bookshop_orders import SHIP_TO

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
By = pytest.importorskip("selenium.webdriver.common.by").By
Keys = pytest.importorskip("selenium.webdriver.common.keys").Keys
WebDriverException = pytest.importorskip("selenium.common.exceptions").WebDriverException
WebDriverWait = pytest.importorskip("selenium.webdriver.support.wait").WebDriverWait

SCREENSHOTS = os.environ.get("BOOKSHOP_SCREENSHOTS")
PATIENCE = 30  # Seconds until what should appear must have appeared.
SWITCHES = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=en",
    "--window-size=1400,1000",
    # Nothing but the shop may be reached: the pages have to work without the internet.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A headless Chromium with a profile of its own."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.skip("chromium or chromedriver is missing (Debian: apt-get install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for switch in [*SWITCHES, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(switch)
    window = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield window
    finally:
        window.quit()


class Visitor:
    """Somebody in front of the browser, who looks for things and waits until they appear."""

    def __init__(self, window: Any, address: str) -> None:
        self.window = window
        self.address = address

    def go(self, path: str) -> None:
        # By way of an empty page: going from /docs to /docs#... alone would load nothing.
        self.window.get("about:blank")
        self.window.get(self.address + path)

    def all(self, selector: str) -> list[Any]:
        found: list[Any] = self.window.find_elements(By.CSS_SELECTOR, selector)
        return found

    def the(self, selector: str) -> Any:
        return self.window.find_element(By.CSS_SELECTOR, selector)

    def wait(self, condition: Callable[[], Any]) -> Any:
        return WebDriverWait(self.window, PATIENCE, poll_frequency=0.05).until(lambda _: condition())

    def look(self, name: str) -> None:
        if SCREENSHOTS:
            self.window.save_screenshot(str(Path(SCREENSHOTS) / f"{name}.png"))

    def complaints(self) -> list[str]:
        """Return the errors of the browser's console, but for Swagger UI's notices about itself."""
        messages = [each["message"] for each in self.window.get_log("browser") if each["level"] == "SEVERE"]
        return [message for message in messages if "Deprecated: escaping deep link whitespace" not in message]


@pytest.fixture
def visitor(chromium: Any, address: str) -> Iterator[Visitor]:
    """A visitor, who leaves without anything having gone wrong in the browser's console."""
    somebody = Visitor(chromium, address)
    yield somebody
    assert somebody.complaints() == []


@pytest.fixture
def page(visitor: Visitor) -> Visitor:
    """A visitor at the shop's page, when the first books are shown and the feed is live."""
    visitor.go("/")
    visitor.wait(lambda: visitor.all(".book"))
    visitor.wait(lambda: visitor.all("#live-state[data-state=live]"))
    return visitor


def titles(page: Visitor) -> list[str]:
    script = "return [...document.querySelectorAll('.book h3')].map(title => title.textContent)"
    found: list[str] = page.window.execute_script(script)
    return found


def test_shows_the_first_books_and_how_many_there_are(page: Visitor) -> None:
    assert len(page.all(".book")) == 24
    assert "books, showing 1 to 24" in page.the("#count").text
    assert "authors" in page.the("#tagline").text
    page.look("page")


def test_searches_while_one_types(page: Visitor) -> None:
    page.the("#q").send_keys("miserables hugo")
    page.wait(lambda: titles(page) == ["Les Misérables"])
    assert page.the("#count").text == "One book"
    assert "q=miserables+hugo" in page.window.current_url
    page.look("search")
    page.the("#q").send_keys(" no such thing")
    page.wait(lambda: page.the("#count").text.startswith("No book matches"))


def test_filters_sorts_and_turns_pages(page: Visitor) -> None:
    page.the("#subject option[value=Sea]").click()
    page.the("#sort option[value=published]").click()
    page.wait(lambda: titles(page)[:1] == ["The Odyssey"])
    page.the("#next").click()
    page.wait(lambda: page.the("#where").text == "Page 2 of 2")
    assert page.the("#next").get_attribute("disabled") == "true"
    address = page.window.current_url
    second = titles(page)
    page.window.get(address)
    page.wait(lambda: titles(page) == second)
    assert page.the("#subject").get_attribute("value") == "Sea"


def test_orders_and_sees_the_order_arrive(page: Visitor) -> None:
    page.the("#q").send_keys("kalevala")
    page.wait(lambda: titles(page) == ["Kalevala"])
    page.the(".book button").click()
    page.wait(lambda: page.the("#basket-foot").is_displayed())
    page.the("#checkout").click()
    page.look("order")
    password = page.the("#password")
    password.clear()
    password.send_keys("wrong", Keys.ENTER)
    page.wait(lambda: page.the("#order-error").text == "Incorrect username or password")
    assert all("401" in complaint for complaint in page.complaints())
    password.clear()
    password.send_keys("reader-pass", Keys.ENTER)
    page.wait(lambda: page.the("#message").text.startswith("Thank you"))
    page.wait(lambda: page.all("#live li.fresh"))
    assert "Kalevala" in page.the("#live li").text
    assert not page.the("#basket-foot").is_displayed()
    page.look("ordered")


def test_sees_the_orders_of_others_arrive(page: Visitor) -> None:
    credentials = {"username": "reader", "password": "reader-pass"}
    token = httpx2.post(f"{page.address}/api/token", data=credentials).json()["access_token"]
    for _ in range(2):
        placed = httpx2.post(
            f"{page.address}/api/orders",
            headers={"Authorization": f"Bearer {token}"},
            json={"items": [{"book_id": 5}], "ship_to": {**SHIP_TO, "country": "NZ"}},
        ).json()
        newest = f"#live li:first-child[data-order='{placed['id']}']"
        page.wait(partial(page.all, newest))
        assert page.the(newest).text.startswith(f"Order {placed['id']} to NZ")


def test_fits_a_small_screen_and_a_dark_one(page: Visitor) -> None:
    page.window.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True},
    )
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    page.window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": dark})
    try:
        assert page.window.execute_script("return document.documentElement.scrollWidth") <= 390
        page.look("small-dark")
    finally:
        page.window.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_everything_has_a_name_for_those_who_listen_to_the_page(page: Visitor) -> None:
    nameless = page.window.execute_script(
        "return [...document.querySelectorAll('input, select, button')].filter(each =>"
        " !each.labels?.length && !each.ariaLabel && !each.textContent.trim()).map(each => each.id)"
    )
    assert nameless == []


def test_the_documentation_lists_every_operation_and_logs_in(visitor: Visitor) -> None:
    visitor.go("/docs")
    paths = httpx2.get(f"{visitor.address}/openapi.json").json()["paths"]
    visitor.wait(lambda: len(visitor.all(".opblock")) == sum(len(path) for path in paths.values()))
    visitor.look("docs")
    visitor.the(".btn.authorize").click()
    visitor.wait(lambda: visitor.all("#oauth_username")).pop().send_keys("reader")
    visitor.the("#oauth_password").send_keys("reader-pass")
    visitor.the(".auth-container .btn.authorize").click()
    visitor.wait(lambda: "Logout" in visitor.the(".auth-btn-wrapper").text)
    visitor.look("docs-authorised")


def test_the_documentation_tries_an_operation_out(visitor: Visitor) -> None:
    visitor.go("/docs#/catalogue/read_catalogue_api_catalogue_get")

    def execute_button() -> list[Any]:
        found = visitor.all(".btn.execute")
        if not found:
            # A click may be lost while the page is still moving to the operation: until it has shown, once more.
            with suppress(WebDriverException):
                visitor.the(".try-out__btn:not(.cancel)").click()
        return found

    visitor.wait(execute_button).pop().click()
    reply = visitor.wait(lambda: visitor.all(".live-responses-table tbody .response")).pop()
    assert reply.find_element(By.CSS_SELECTOR, ".response-col_status").text == "200"
    assert '"earliest"' in reply.text
    visitor.look("docs-tried")
