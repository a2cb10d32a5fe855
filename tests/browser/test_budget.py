"""A booking on a slow and costly line: what it may weigh (performance.md, row 10)."""

import pytest
from playwright.sync_api import Browser

from tests.browser.weighing import KB, Weight, weigh
from tests.product import Tree


@pytest.fixture(scope="module", params=["bn", "en"])
def weight(request: pytest.FixtureRequest, chromium: Browser, product: Tree) -> Weight:
    return weigh(chromium, product, request.param)


def test_the_first_page_paints_after_14_kb(weight: Weight) -> None:
    assert weight.before_first_paint <= 14 * KB


def test_all_scripts_weigh_18_kb(weight: Weight) -> None:
    assert 0 < weight.scripts <= 18 * KB


def test_the_whole_booking_weighs_40_kb(weight: Weight) -> None:
    assert weight.booking <= 40 * KB


def test_each_later_page_weighs_4_kb(weight: Weight) -> None:
    assert weight.heaviest_later <= 4 * KB, weight.later
