"""What a booking weighs on the wire: every byte that a browser receives, as Chromium counts it.

Heads count too, some 700 bytes an answer; only a page alone is weighed without its head.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser

from tests.browser import steps
from tests.browser.visitor import Visitor
from tests.journeys.booking import DOCTORS_PAGE
from tests.product import Product

KB = 1024
BLOCKING = """performance.getEntriesByType("resource")
    .filter(one => one.renderBlockingStatus == "blocking").map(one => one.name)"""


@dataclass
class Scales:
    """What came since the scales were last cleared, by address: all of it, and without the heads."""

    bytes: dict[str, int] = field(default_factory=dict)
    bodies: dict[str, int] = field(default_factory=dict)
    _addresses: dict[str, str] = field(default_factory=dict)
    _heads: dict[str, int] = field(default_factory=dict)

    def asked(self, event: dict[str, Any]) -> None:
        """Note what a request is for; what a redirect brought is its own."""
        if before := event.get("redirectResponse"):
            self._add(before["url"], before["encodedDataLength"])
        self._addresses[event["requestId"]] = event["request"]["url"]

    def answered(self, event: dict[str, Any]) -> None:
        """Note the head of its answer, which came first."""
        self._heads[event["requestId"]] = int(event["response"]["encodedDataLength"])

    def ended(self, event: dict[str, Any]) -> None:
        """Note what it brought."""
        address = self._addresses.get(event["requestId"], "?")
        self._add(address, event["encodedDataLength"])
        self.bodies[address] = int(event["encodedDataLength"]) - self._heads.get(event["requestId"], 0)

    def clear(self) -> None:
        """Begin anew."""
        self.bytes.clear()
        self.bodies.clear()

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self.bytes.values())

    def of(self, ending: str) -> int:
        """What came of files with this ending."""
        return sum(size for address, size in self.bytes.items() if urlsplit(address).path.endswith(ending))

    def _add(self, address: str, size: float) -> None:
        self.bytes[address] = self.bytes.get(address, 0) + int(size)


@dataclass(frozen=True)
class Weight:
    """What one booking weighed, in bytes, and each of its later pages alone."""

    before_first_paint: int
    scripts: int
    booking: int
    pages: dict[str, int]


@contextmanager
def scales(visitor: Visitor) -> Iterator[Scales]:
    """Weigh whatever this visitor receives."""
    session = visitor.context.new_cdp_session(visitor.page)
    weighed = Scales()
    session.on("Network.requestWillBeSent", weighed.asked)
    session.on("Network.responseReceived", weighed.answered)
    session.on("Network.loadingFinished", weighed.ended)
    session.send("Network.enable")
    yield weighed
    session.detach()


def weigh(browser: Browser, product: Product, language: str = "bn") -> Weight:
    """A first visit of a doctor's page and the booking that follows it, in a browser that has nothing yet."""
    visitor = Visitor(browser, product.url, language=language)
    pages: dict[str, int] = {}
    with scales(visitor) as weighed:
        visitor.get(DOCTORS_PAGE).page.wait_for_load_state("networkidle")
        blocking = [visitor.page.url, *visitor.page.evaluate(BLOCKING)]
        before_first_paint = sum(weighed.bytes[address] for address in blocking)
        scripts, booking = weighed.of(".js"), weighed.total
        for name in ("patient", "code", "payment", "ticket"):
            weighed.clear()
            step(visitor, product, name)
            visitor.page.wait_for_load_state("networkidle")
            booking += weighed.total
            pages[name] = weighed.bodies[visitor.page.url]
    visitor.close()
    return Weight(before_first_paint, scripts, booking, pages)


def step(visitor: Visitor, product: Product, name: str) -> None:
    """Go one page on."""
    if name == "patient":
        visitor.click("form[id^=place-] >> nth=0 >> button")
    elif name == "code":
        steps.say_who(visitor)
    elif name == "payment":
        steps.prove(visitor, product, visitor.form("resend").locator("[name=phone]").input_value())
    else:
        visitor.submit("payment")
