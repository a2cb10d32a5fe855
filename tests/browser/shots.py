"""Pictures of every page, for people to look at: `python -m tests.browser.shots DIR [--only bn en 320 dark …]`.

Without `--url` it starts a product of its own on a small demo world. With `--url` and `--database` it takes one that
runs (`make run INSTANCE=folder`: `--database sqlite:////full/path/folder/doctapp.db`); what it books there stays.
"""

import argparse
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import launch_options
from tests.browser.conftest import EVERYBODY
from tests.browser.pages import Walk
from tests.browser.visitor import Visitor
from tests.patience import PATIENCE
from tests.product import Tree, seeded

WIDTHS = {"320": 640, "360": 740, "1366": 768}
LANGUAGES, LIGHTS = ("bn", "en"), ("light", "dark")
CODE = re.compile(r"(?<!\d)\d{5}(?!\d)")


class SandboxTexts:
    """The SMS of a product that sends none: they lie in its sandbox."""

    def __init__(self, url: str) -> None:
        self.url = url

    def code_for(self, phone: str, timeout: float = PATIENCE) -> str:
        """The code in the newest text to this phone."""
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            page = requests.get(f"{self.url}/sandbox/letters", params={"to": phone}, timeout=10).text
            if found := CODE.search(page.partition('id="inbox"')[2]):
                return found.group()
            time.sleep(0.5)
        raise SystemExit(f"No code came to {phone}: does the worker of {self.url} run?")


@dataclass(frozen=True)
class SandboxMail:
    """A mail as the sandbox shows it."""

    text: str


class SandboxMails:
    """The mail of a product that sends none."""

    def __init__(self, url: str) -> None:
        self.url = url

    def mails_to(self, to: str) -> list[SandboxMail]:
        """The mails to one address, oldest first."""
        page = requests.get(f"{self.url}/sandbox/letters", params={"to": to}, timeout=10).text
        rows = BeautifulSoup(page, "html.parser").select("#inbox > li")
        return [SandboxMail(row.get_text(" ")) for row in reversed(rows)]


class Somewhere:
    """A product that somebody else started."""

    def __init__(self, url: str, database_url: str) -> None:
        self.url, self.database_url = url.rstrip("/"), database_url
        self.texts, self.mails = SandboxTexts(self.url), SandboxMails(self.url)


def main() -> None:
    """Take the pictures and say where they are."""
    wanted = arguments()
    with product(wanted) as running, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        for language in LANGUAGES:
            if asked(wanted.only, LANGUAGES, language):
                for name, visitor in walk(browser, running, language):
                    take(visitor, name, wanted, language)
    print(f"The pictures are in {wanted.folder}.")


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.shots", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--url", help="a product that runs")
    parser.add_argument("--database", help="the address of its database")
    words = [*WIDTHS, *LANGUAGES, *LIGHTS]
    parser.add_argument("--only", nargs="*", default=[], choices=words, help="some sizes, languages or lights")
    wanted = parser.parse_args()
    if bool(wanted.url) != bool(wanted.database):
        parser.error("--url and --database go together")
    return wanted


@contextmanager
def product(wanted: argparse.Namespace) -> Iterator[Any]:
    """The product to take pictures of."""
    if wanted.url:
        yield Somewhere(wanted.url, wanted.database)
        return
    with tempfile.TemporaryDirectory(prefix="doctapp-shots-") as name:
        folder = Path(name)
        with Tree(folder, database_url=seeded("sqlite", folder), **EVERYBODY) as tree:
            yield tree


def asked(only: list[str], of: Any, one: str) -> bool:
    """Whether this one is wanted: all are where none is named."""
    named = [word for word in only if word in of]
    return not named or one in named


def walk(browser: Browser, running: Any, language: str) -> Iterator[tuple[str, Visitor]]:
    """Each page on the way, numbered."""
    for number, (name, visitor) in enumerate(
        Walk(running, lambda at, **how: Visitor(browser, at.url, **how), language)
    ):
        yield f"{number:02}-{name}", visitor


def take(visitor: Visitor, name: str, wanted: argparse.Namespace, language: str) -> None:
    """Every picture of one page."""
    page, before = visitor.page, visitor.page.viewport_size
    for light in LIGHTS:
        for width, height in WIDTHS.items():
            if asked(wanted.only, LIGHTS, light) and asked(wanted.only, WIDTHS, width):
                page.emulate_media(color_scheme=light)
                page.set_viewport_size({"width": int(width), "height": height})
                # as high as the page, or what sticks to the window's edge would lie over the middle of the picture
                whole = page.evaluate("document.scrollingElement.scrollHeight")
                page.set_viewport_size({"width": int(width), "height": max(height, whole)})
                page.screenshot(path=wanted.folder / f"{language}-{width}-{light}" / f"{name}.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(before)


if __name__ == "__main__":
    main()
