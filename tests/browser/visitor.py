"""One person at one browser: opens pages, fills forms by the ids that stand in them, and hears every complaint."""

import re
from pathlib import PurePosixPath
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, Response

from doctapp.digits import bangla
from tests.journeys.booking import said
from tests.patience import PATIENCE
from tests.people import PASSWORD

SIZES = {"small": (320, 640), "phone": (360, 740), "desktop": (1366, 768)}
LOCALES = {"bn": "bn-BD", "en": "en-GB"}
SEND = "button:not([type=button])"
# Chromium writes one line for each answer from 400 on; those are judged by their status instead.
BY_STATUS = "Failed to load resource: the server responded with a status of"


class Visitor:
    """A browser of one's own, with its own cookies, and one open page."""

    def __init__(
        self,
        browser: Browser,
        url: str,
        *,
        language: str = "en",
        device: str = "phone",
        scripts: bool = True,
        dark: bool = False,
        cookies: list[Any] | None = None,
    ) -> None:
        self.url, self.language, self.scripts = url, language, scripts
        self.complaints: list[str] = []
        self.forgiven: list[str] = []
        self.statuses: list[int] = []
        width, height = SIZES[device]
        self.context: BrowserContext = browser.new_context(
            viewport={"width": width, "height": height},
            has_touch=device != "desktop",
            java_script_enabled=scripts,
            color_scheme="dark" if dark else "light",
            locale=LOCALES[language],
            timezone_id="Asia/Dhaka",
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(PATIENCE * 1000)
        if cookies:
            self.context.add_cookies(cookies)
        self.page: Page = self.context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.path}: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)

    # Where one is

    @property
    def path(self) -> str:
        """Where the browser is, without the query."""
        return urlsplit(self.page.url).path

    @property
    def ref(self) -> str:
        """The appointment of the address."""
        parts = PurePosixPath(self.path).parts
        assert parts[1:2] == ("appointments",), f"{self.path} is of no appointment."
        return parts[2]

    @property
    def status(self) -> int:
        """The status of the last page."""
        return self.statuses[-1]

    @property
    def h1(self) -> str:
        """The main heading."""
        return self.page.locator("h1").inner_text()

    @property
    def state(self) -> str:
        """The state that the ticket's tag shows."""
        return self.page.locator("#ticket .tag").inner_text()

    @property
    def words(self) -> str:
        """Every word on the page, with whitespace folded."""
        return " ".join(self.page.locator("body").inner_text().split())

    def said(self, text: str, **values: object) -> str:
        """What the product says for this in the visitor's language."""
        return said(text, self.language) % values

    def digits(self, number: int) -> str:
        """A number as the visitor's language writes it."""
        return bangla(number) if self.language == "bn" else str(number)

    # What one does

    def get(self, path: str) -> Self:
        """Open an address."""
        self.page.goto(path if path.startswith("http") else f"{self.url}{path}")
        return self

    def reload(self) -> Self:
        """Look again."""
        self.page.reload()
        return self

    def back(self) -> Self:
        """Press the browser's Back."""
        self.page.go_back()
        return self

    def form(self, form_id: str) -> Locator:
        """The form with this id."""
        return self.page.locator(f'form[id="{form_id}"]')

    def click(self, what: Locator | str) -> Self:
        """Click something that leads to another page."""
        with self.page.expect_navigation():
            (self.page.locator(what) if isinstance(what, str) else what).click()
        return self

    def fill(self, form_id: str, **values: Any) -> Locator:
        """Fill fields of a form: type, choose, or tick."""
        form = self.form(form_id)
        for name, value in values.items():
            field = form.locator(f'[name="{name}"]:not([type=hidden])')
            kind = field.first.evaluate("it => it.type")
            if kind == "radio":
                form.locator(f'[name="{name}"][value="{value}"]').check()
            elif kind == "checkbox":
                field.set_checked(bool(value))
            elif kind == "select-one":
                field.select_option(str(value))
            else:
                field.fill(str(value))
        return form

    def submit(self, form_id: str, **values: Any) -> Self:
        """Fill a form and send it; a whole page comes back."""
        return self.click(self.fill(form_id, **values).locator(SEND).first)

    def swap(self, form_id: str, **values: Any) -> Self:
        """Fill a form and send it: with scripts its answer comes into the page, without them a page comes."""
        if not self.scripts:
            return self.submit(form_id, **values)
        button = self.fill(form_id, **values).locator(SEND).first
        with self.page.expect_response(lambda answer: answer.request.method == "POST") as answer:
            button.click()
        answer.value.finished()
        return self

    def poll(self, css: str) -> Self:
        """Let the poll of this part of the page be due; without scripts look at the page again."""
        if not self.scripts:
            return self.reload()
        with self.page.expect_response(lambda answer: answer.request.method == "GET") as answer:
            self.page.locator(css).dispatch_event("doctapp:poll")
        answer.value.finished()
        return self

    def sign_in(self, email: str, lands: str = "/") -> Self:
        """Sign in by e-mail and password."""
        self.get(f"/login?next={lands}").submit("login", email=email, password=PASSWORD)
        assert self.form("logout").count(), f"{email} was not signed in at {self.path}: {self.words}"
        return self

    # What is heard

    def forgive(self, *words: str) -> Self:
        """Let complaints with these words pass from now on: this test makes them happen."""
        self.forgiven += words
        return self

    @property
    def unforgiven(self) -> list[str]:
        """What nobody expected: errors in the console, of scripts, of the policy, and requests that failed."""
        return [one for one in self.complaints if not any(words in one for words in self.forgiven)]

    def close(self) -> None:
        """Close the browser."""
        self.context.close()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(BY_STATUS):
            self.complaints.append(f"{self.path}: {message.text}")

    def _failed(self, request: Request) -> None:
        # the icon is fetched after the page is loaded, and given up by whoever goes on at once
        if "/favicon" in request.url and request.failure == "net::ERR_ABORTED":
            return
        self.complaints.append(f"{request.method} {request.url} failed: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self.statuses.append(response.status)
        if response.status >= 400:
            self.complaints.append(f"{response.request.method} {response.url} was answered {response.status}")


def number_in(text: str) -> int:
    """The first number in a text, in either script."""
    found = re.search(r"\d+", text)
    assert found, f"No number stands in {text!r}."
    return int(found.group())
