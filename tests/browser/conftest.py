"""Two products, one on each database, one Chromium, and as many people at it as a test needs."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import chromium_missing, launch_options
from tests.browser.visitor import Visitor
from tests.loud import missing
from tests.product import Tree, drop, seeded

HERE = Path(__file__).parent
# The limits of holds and codes are for one person; here one machine is everybody.
EVERYBODY = {"HOLDS_PER_BROWSER_HOUR": "500", "HOLDS_PER_ADDRESS_HOUR": "5000", "SMS_HOURLY_BUDGET": "5000"}
Products = Callable[[str], Tree]
Visitors = Callable[..., Visitor]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here drives a browser."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser; its contexts are browsers of different people."""
    if why := chromium_missing():
        missing(why)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def products(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Products]:
    """The running products by their database, each started when it is first asked for."""
    with ExitStack() as stack:
        running: dict[str, Tree] = {}

        def product_on(database: str) -> Tree:
            if database not in running:
                running[database] = stack.enter_context(tree(database, tmp_path_factory, stack))
            return running[database]

        yield product_on


def tree(database: str, folders: pytest.TempPathFactory, stack: ExitStack, **env: str) -> Tree:
    """A product on a copy of the small demo world, not started yet."""
    folder = folders.mktemp(database)
    url = seeded(database, folder)
    stack.callback(drop, url)
    return Tree(folder, database_url=url, **EVERYBODY, **env)


@pytest.fixture(scope="package")
def product(products: Products) -> Tree:
    """The product on SQLite."""
    return products("sqlite")


@pytest.fixture
def visitor_of(chromium: Browser) -> Iterator[Visitors]:
    """Bring in one more person; nobody may leave with a complaint that was not expected."""
    here: list[tuple[Visitor, Tree]] = []

    def come(product: Tree, **how: Any) -> Visitor:
        visitor = Visitor(chromium, how.pop("url", product.url), **how)
        here.append((visitor, product))
        return visitor

    yield come
    for visitor, _ in here:
        visitor.close()
    complaints = [complaint for visitor, _ in here for complaint in visitor.unforgiven]
    if any("was answered 500" in complaint for complaint in complaints):
        complaints += [product.process.tail(60) for product in {product for _, product in here}]
    assert not complaints, "The browser complained:\n- " + "\n- ".join(complaints)
