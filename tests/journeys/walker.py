"""A browser without JavaScript: it reads pages, fills their forms, and follows where it is led."""

import copy
from pathlib import PurePosixPath
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import requests

from tests.patience import PATIENCE
from tests.see import Form, Page, see

MOST_HOPS = 5
LED_ON = {303, 307}


class Walker:
    """One person's browser; every page it sees is looked at for good making."""

    def __init__(self, url: str, *, language: str = "en", verify: str | bool = True) -> None:
        self.url = url
        self.language = language
        self.verify = verify
        self.at = ""
        self.statuses: list[int] = []
        self.slowest = 0.0
        self._jar = requests.Session()
        self._jar.trust_env = False
        self.get("/")
        if self.spoken != language:
            self.submit("language")
            assert self.spoken == language

    @property
    def spoken(self) -> str:
        """The language of the page."""
        return str(self.page.soup.html["lang"]) if self.page.soup.html else ""

    @property
    def path(self) -> str:
        """Where the browser is, without the query."""
        return urlsplit(self.at).path

    @property
    def ref(self) -> str:
        """The appointment of the address."""
        parts = PurePosixPath(self.path).parts
        assert parts[1] == "appointments", f"{self.path} is of no appointment."
        return parts[2]

    @property
    def cookies(self) -> set[str]:
        """The names of the cookies that are kept."""
        return {cookie.name for cookie in self._jar.cookies}

    def get(self, path: str, status: int = 200) -> Page:
        """Open an address, typed or from a link."""
        self._follow("GET", urljoin(f"{self.url}/", path))
        return self._seen(status)

    def click(self, words: str) -> Page:
        """Follow the first link with these words."""
        return self.get(self.page.link(words))

    def submit(self, form_id: str, status: int = 200, **values: Any) -> Page:
        """Fill a form of the page and send it; what comes without an error has led on by a 303."""
        form = self.page.form(form_id)
        self._send(form, form.fill(**values))
        page = self._seen(status)
        if form.method == "post" and status == 200:
            assert LED_ON & set(self.statuses), f"{form} was answered {self.statuses}."
        return page

    def read(self, path: str) -> str:
        """The text of something that is no page."""
        response = self._ask("GET", urljoin(f"{self.url}/", path))
        assert response.status_code == 200, f"{path} was answered {response.status_code}."
        return response.content.decode()

    def reopened(self) -> Self:
        """The same browser after it was closed and opened again: what was to last is still there."""
        return self._with(lambda cookie: cookie.expires is not None)

    def copied(self) -> Self:
        """Another browser that somebody carried every cookie of this one to."""
        return self._with(lambda cookie: True)

    def _with(self, wanted: Any) -> Self:
        other = copy.copy(self)
        other._jar = requests.Session()
        other._jar.trust_env = False
        for cookie in self._jar.cookies:
            if wanted(cookie):
                other._jar.cookies.set_cookie(copy.copy(cookie))
        return other

    def _send(self, form: Form, values: dict[str, Any]) -> None:
        target = urljoin(self.at, form.action)
        if form.method == "get":
            target = str(requests.Request("GET", target, params=values).prepare().url)
            return self._follow("GET", target)
        return self._follow("POST", target, values)

    def _follow(self, method: str, url: str, values: dict[str, Any] | None = None) -> None:
        self.statuses = []
        for _ in range(MOST_HOPS):
            self.response = self._ask(method, url, values)
            self.statuses.append(self.response.status_code)
            self.at = url
            if "Location" not in self.response.headers:
                return
            assert self.response.status_code in LED_ON, f"{url} was answered {self.response.status_code}."
            url = urljoin(url, self.response.headers["Location"])
            assert url.startswith(f"{self.url}/"), f"We were led away, to {url}."
            if self.response.status_code == 303:
                method, values = "GET", None
        raise AssertionError(f"We were led in circles, at last to {url}.")

    def _ask(self, method: str, url: str, values: dict[str, Any] | None = None) -> requests.Response:
        response = self._jar.request(
            method,
            url,
            data=values,
            headers=self._headers(method),
            allow_redirects=False,
            timeout=PATIENCE,
            verify=self.verify,
        )
        self.slowest = max(self.slowest, response.elapsed.total_seconds())
        kept_by_all = "public" in response.headers.get("Cache-Control", "")
        assert not (kept_by_all and "Set-Cookie" in response.headers), f"Caches would give the cookie of {url} to all."
        return response

    def _headers(self, method: str) -> dict[str, str]:
        site = "same-origin" if self.at else "none"
        headers = {"Accept": "text/html", "Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
        if self.at:
            headers["Referer"] = self.at
        if method == "POST":
            headers["Origin"] = self.url
        return headers

    def _seen(self, status: int) -> Page:
        self.page = see(self.response)
        said = " ".join([self.page.h1, self.page.alert, *self.page.errors])
        assert self.response.status_code == status, f"{self.at} was answered {self.response.status_code}: {said}"
        return self.page
