"""Every kind of page in its states: axe finds nothing, nothing scrolls sideways, and the keyboard's place is seen.

Each page is looked at twice: in one language on a small phone, in the other on a desk, once light and once dark; by turns,
so that both languages see all four. The soak looks at each in all ways.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, repeat
from typing import Any

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Browser
from playwright.sync_api import Error as PlaywrightError

from tests.browser.pages import Walk
from tests.browser.visitor import SIZES, Visitor
from tests.journeys.booking import DOCTOR, DOCTORS_PAGE
from tests.product import Tree

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LANGUAGES = ("bn", "en")
LOOKS = (("small", "light"), ("desktop", "light"), ("small", "dark"), ("desktop", "dark"))
# Of a page that one language sees small and light, the other sees the opposite.
BY_TURNS = {"bn": LOOKS, "en": LOOKS[::-1]}
AXE = AXE_FILE_PATH.read_text()
# none of these rules reads stylesheets by itself, so they need not be fetched beforehand: that takes half the time
RUN = """tags => axe.run(document, {runOnly: tags, resultTypes: ["violations"], preload: false})
    .then(found => found.violations)"""
SIDEWAYS = "document.scrollingElement.scrollWidth > innerWidth"
MOST_TABS = 60
# What is focused, and whether a ring is drawn on it or on what stands for it; null where the page is left.
FOCUSED = """() => {
    const it = document.activeElement;
    if (!it || it == document.body) return null;
    const drawn = one => one && getComputedStyle(one).outlineStyle != "none"
        && parseFloat(getComputedStyle(one).outlineWidth) >= 2;
    const box = it.getBoundingClientRect();
    const seen = box.width && box.height && box.bottom > 0 && box.top < innerHeight;
    return {name: it.outerHTML.slice(0, 120), ring: drawn(it) || drawn(it.nextElementSibling), seen: !!seen};
}"""


@dataclass(frozen=True)
class Look:
    """What one page showed at one size and light."""

    page: str
    faults: list[str]
    is_sideways: bool


@pytest.fixture(scope="module")
def looks(chromium: Browser, product: Tree) -> Callable[[str], list[Look]]:
    """All looks of a language, taken when first asked for."""
    taken: dict[str, list[Look]] = {}

    def of(language: str) -> list[Look]:
        if language not in taken:
            by_turns = ((one,) for one in cycle(BY_TURNS[language]))
            taken[language] = list(walked(chromium, product, language, by_turns))
        return taken[language]

    return of


def walked(
    chromium: Browser, product: Tree, language: str, ways: Iterator[Sequence[tuple[str, str]]]
) -> Iterator[Look]:
    """Walk past every page and look at each in the next ways: so wide, and so light."""
    here: list[Visitor] = []

    def come(product: Tree, **how: Any) -> Visitor:
        here.append(Visitor(chromium, product.url, **how))
        return here[-1]

    try:
        for name, visitor in Walk(product, come, language):
            own = visitor.page.viewport_size
            for size, light in next(ways):
                yield look(visitor, f"{name} {language} {size} {light}", size, light)
            visitor.page.set_viewport_size(own)
            visitor.page.emulate_media(color_scheme="light")
    except (AssertionError, PlaywrightError) as fault:
        yield Look("the walk ended early", [str(fault)], is_sideways=False)
    for visitor in here:
        yield Look(f"the browser at {visitor.path}", visitor.unforgiven, is_sideways=False)
        visitor.close()


def look(visitor: Visitor, name: str, size: str, light: Any) -> Look:
    """What axe says, and whether the page is wider than this window or a small one."""
    page = visitor.page
    page.emulate_media(color_scheme=light)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    is_sideways = [is_wider(visitor, each) for each in dict.fromkeys(("small", size))]
    faults = [f"{one['id']}: {node['html'][:150]}" for one in page.evaluate(RUN, TAGS) for node in one["nodes"]]
    return Look(name, faults, any(is_sideways))


def is_wider(visitor: Visitor, size: str) -> bool:
    """Whether the page scrolls sideways in a window of this size, which it has from then on."""
    width, height = SIZES[size]
    visitor.page.set_viewport_size({"width": width, "height": height})
    return bool(visitor.page.evaluate(SIDEWAYS))


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_on_any_page(looks: Callable[[str], list[Look]], language: str) -> None:
    found = [f"{look.page}: {fault}" for look in looks(language) for fault in look.faults]

    assert not found, f"{len(found)} faults:\n- " + "\n- ".join(found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_scrolls_sideways(looks: Callable[[str], list[Look]], language: str) -> None:
    assert not [look.page for look in looks(language) if look.is_sideways]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_walk_saw_every_kind_of_page(looks: Callable[[str], list[Look]], language: str) -> None:
    assert len(looks(language)) > 120


@pytest.mark.soak
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_on_any_page_in_any_way(chromium: Browser, product: Tree, language: str) -> None:
    seen = list(walked(chromium, product, language, repeat(LOOKS)))

    assert len(seen) > 480
    assert not [f"{look.page}: {fault}" for look in seen for fault in look.faults]
    assert not [look.page for look in seen if look.is_sideways]


def test_a_fault_would_be_found(chromium: Browser, product: Tree) -> None:
    visitor = Visitor(chromium, product.url).get("/help")
    visitor.page.evaluate("document.querySelector('main').innerHTML += '<img src=/x><p><input></p>'")
    visitor.page.evaluate("document.querySelector('main').style.width = '2000px'")
    found = look(visitor, "help", "small", "light")
    visitor.close()

    assert {fault.partition(":")[0] for fault in found.faults} >= {"image-alt", "label"}
    assert found.is_sideways


@pytest.mark.parametrize("path", ["/", "/doctors", DOCTORS_PAGE, "/login", "/doctor/requests"])
def test_by_keyboard_one_always_sees_where_one_is(chromium: Browser, product: Tree, path: str) -> None:
    visitor = Visitor(chromium, product.url, device="desktop").sign_in(DOCTOR, path)
    visitor.get(path)
    unseen = []
    for _ in range(MOST_TABS):
        visitor.page.keyboard.press("Tab")
        focused = visitor.page.evaluate(FOCUSED)
        if focused is None:
            break
        if not (focused["ring"] and focused["seen"]):
            unseen.append(focused["name"])
    visitor.close()
    assert not unseen
