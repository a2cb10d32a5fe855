"""Nothing is shown that does not work: every link is followed and every form sent, by everybody, in one language or the other.

Of pages and forms that differ only by whom they are about some are taken. A form is sent as it stands; where that is
refused because something must be typed, it says what, and is sent again with it.
"""

import random
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest

from tests.journeys.booking import DESK, DOCTOR, LETTERS, PATIENT, new_phone, signed_in, walker
from tests.journeys.walker import Walker
from tests.product import Product, Tree, seeded
from tests.see import Form

ADMIN = "admin@demo.test"
CAST = {"visitor": "", "patient": PATIENT, "doctor": DOCTOR, "clerk": DESK, "admin": ADMIN}
LANGUAGES = ("bn", "en")
# Everybody walks in one language, by turns, and in the soak in both.
BY_TURNS = [*zip(CAST, cycle(LANGUAGES))]
THE_OTHERS = [pytest.param(*each, marks=pytest.mark.soak) for each in zip(CAST, cycle(LANGUAGES[::-1]))]
START = ("/", "/sandbox/letters", "/notifications")
OF_ONE_SHAPE = 2
MOST_PAGES = 90
OUTSIDE = {"https", "tel"}
ABOUT = re.compile(r"(?<=/)([0-9A-Z]{3}-[0-9A-Z]{3}|[0-9]+)\b|(?<=/doctors/)[a-z-]+[0-9]?$")
OF_WHOM = re.compile(r"-([0-9A-Z]{3}-[0-9A-Z]{3}|[0-9]+)$")
AT_THE_END = ("language", "logout")
# Whoever takes a way in away does not come in by it for the walk in the other language.
LEFT_ALONE = {"/account/ways/*/removal"}
# What was offered when one came by, and is over by what was sent since: the page says so.
OVERTAKEN = ("/move", "/cancellation")
# A code was sent a moment ago: the form says so and asks to wait. The walk in the other language may have taken a
# serial for the same patient in this sitting already: the form says so by name. Who changes hours is shown first who is
# booked in them; and the doctor may sit already where one more sitting is asked for.
REFUSED = {
    "resend": {429},
    "payment": {409},
    **dict.fromkeys(("hours", "removal", "leave", "holidays", "extra"), {409}),
}
# What stands only on the page of such a refusal, with what is chosen there.
GO_ON = {"keep": {}, "conflict": {"then": "keep"}}


def in_days(days: int) -> str:
    """A date as a date field sends it."""
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


# What a person would type, by the form.
TYPED: dict[str, Callable[[], dict[str, object]]] = {
    "refusal": lambda: {"reason": "no_time"},
    "login-phone": lambda: {"phone": new_phone()},
    "hours": lambda: {"start": "6pm", "end": "8pm", "minutes": 10},
    "leave": lambda: {"from": in_days(random.randrange(2, 7))},
    "extra": lambda: {"day": in_days(random.randrange(20, 50)), "start": "1am", "end": "2am", "minutes": 10},
    "cancellation": lambda: {"reason": "asked"},
    "sitting-cancellation": lambda: {"reason": "emergency"},
}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product of our own: much is changed in it."""
    folder = tmp_path_factory.mktemp("crawled")
    with Tree(folder, database_url=seeded("sqlite", folder)) as product:
        yield product


@pytest.mark.parametrize(("who", "language"), [*BY_TURNS, *THE_OTHERS])
def test_every_link_leads_somewhere_and_every_form_is_answered(product: Product, who: str, language: str) -> None:
    person = signed_in(product, CAST[who], language) if CAST[who] else walker(product, language)

    crawler = Crawler(product, person)
    crawler.crawl()

    assert not crawler.faults, f"{len(crawler.faults)} faults:\n- " + "\n- ".join(crawler.faults)
    assert len(crawler.seen) >= len(START)


class Crawler:
    """One person who tries everything that is shown."""

    def __init__(self, product: Product, person: Walker) -> None:
        self.product, self.person = product, person
        self.faults: list[str] = []
        self.seen: set[str] = set()
        self._to_see: deque[tuple[str, str]] = deque((urljoin(product.url, path), "the start") for path in START)
        self._shapes: Counter[str] = Counter()
        self.sent: set[str] = set()
        self._phone = new_phone()
        self._name = f"Momena {self._phone[-4:].translate(LETTERS)}"

    def crawl(self) -> None:
        """Look at page after page, and leave at the end."""
        while self._to_see and len(self.seen) < MOST_PAGES:
            self._visit(*self._to_see.popleft())
        for form_id in AT_THE_END:
            self.person.get("/")
            if any(form.id == form_id for form in self.person.page.forms):
                self._send(form_id)

    def _visit(self, url: str, from_where: str) -> None:
        if url in self.seen or self._is_one_too_many(url):
            return
        self.seen.add(url)
        if url.endswith(".ics"):
            self._try(f"{from_where} → {url}", self.person.read, url)
        elif self._try(f"{from_where} → {url}", self._open, url):
            self._look(url)

    def _open(self, url: str) -> None:
        try:
            self.person.get(url)
        except AssertionError:
            if not (self.person.statuses[-1] == 409 and urlsplit(url).path.endswith(OVERTAKEN)):
                raise

    def _is_one_too_many(self, url: str) -> bool:
        asked = urlsplit(url)
        shape = ABOUT.sub("*", asked.path) + "?" + "&".join(sorted(name for name, _ in parse_qsl(asked.query)))
        self._shapes[shape] += 1
        return self._shapes[shape] > OF_ONE_SHAPE

    def _look(self, url: str) -> None:
        """Note every link of the page one is on, and send each form whose like was not sent yet."""
        page, at = self.person.page, self.person.at
        ids = {str(tag["id"]) for tag in page.select("[id]")}
        for link in page.links:
            self._note(link.href, at, ids)
        for form in page.forms:
            target = ABOUT.sub("*", urlsplit(form.action).path)
            if target.strip("/") not in AT_THE_END and target not in LEFT_ALONE and self._is_new(form):
                self._send_from(url, form.id)

    def _is_new(self, form: Form) -> bool:
        """Whether no form like it was sent yet, to such an address; now it counts as sent."""
        shape = f"{OF_WHOM.sub('', form.id)} {ABOUT.sub('*', urlsplit(form.action).path)}"
        is_new = shape not in self.sent
        self.sent.add(shape)
        return is_new

    def _note(self, href: str, at: str, ids: set[str]) -> None:
        scheme = urlsplit(href).scheme
        target = urljoin(at, href)
        if href.startswith("#"):
            if href[1:] not in ids:
                self.faults.append(f"{at} → {href}: it leads nowhere.")
        elif target.startswith(f"{self.product.url}/"):
            self._to_see.append((target.partition("#")[0], at))
        elif scheme not in OUTSIDE:
            self.faults.append(f"{at} → {href}: where is that?")

    def _send_from(self, url: str, form_id: str) -> None:
        """Open the page again, so that nothing in the form is old, and send it."""
        if not self._try(f"{url} again", self.person.get, url):
            return
        if not any(form.id == form_id for form in self.person.page.forms):
            return
        before = self.person.at
        refused = self._send(form_id) == 422
        # somebody new each time: one person has one serial a sitting, and all of us here may get the same sitting
        if (refused or form_id == "patient") and self._try(f"{before} again", self.person.get, before):
            self._send_typed(form_id)
        self._go_on()
        if self.person.at not in self.seen:
            self.seen.add(self.person.at)
            self._look(self.person.at if self.person.statuses[-1] == 200 else url)

    def _go_on(self) -> None:
        """Where the answer was a list and a choice, choose."""
        for form in self.person.page.forms:
            if self.person.statuses[-1] == 409 and form.id in GO_ON and self._is_new(form):
                self._send(form.id, **GO_ON[form.id])

    def _send_typed(self, form_id: str) -> None:
        if typed := self._typed(form_id):
            self._send(form_id, **typed)

    def _send(self, form_id: str, **typed: object) -> int:
        """Send a form; its answer is a page, or says what must be typed."""
        form, at = self.person.page.form(form_id), self.person.at
        self._try(f"{at}: {form_id} {typed or ''}", self._answered, form, typed)
        return self.person.statuses[-1]

    def _answered(self, form: Form, typed: dict[str, object]) -> None:
        self.person._send(form, form.fill(**typed))
        status = self.person.statuses[-1]
        self.person._seen(status)
        if status == 422 and not typed:
            assert self.person.page.errors or self.person.page.alert, "It was refused without a word."
        else:
            shape = OF_WHOM.sub("", form.id)
            assert status in {200} | REFUSED.get(shape, set()), f"It was answered {self.person.statuses}."

    def _typed(self, form_id: str) -> dict[str, object]:
        """What a person would type into this form."""
        shape = OF_WHOM.sub("", form_id)
        if shape == "patient":
            offered = self.person.page.form(form_id).fields
            answers = {"who": "new", "name": self._name, "age": 61, "sex": "female", "phone": self._phone}
            return {name: value for name, value in answers.items() if name in offered}
        if shape == "code" and self.person.path.startswith("/appointments"):
            return {"code": self.product.texts.code_for(self._phone)}
        if shape in {"place", "holidays", "outcome"}:
            name = {"place": "number", "holidays": "days"}.get(shape, shape)
            return {name: self.person.page.form(form_id).choices(name)[0]}
        return TYPED.get(shape, dict)()

    def _try(self, what: str, act: object, *given: object) -> bool:
        try:
            act(*given)  # type: ignore[operator]
        except AssertionError as fault:
            self.faults.append(f"{what}: {fault}")
            return False
        return True
