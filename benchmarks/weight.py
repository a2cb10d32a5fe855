"""Row 10: what a booking weighs on the wire, from the first visit of a doctor's page to the ticket, in a real browser."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browser.chromium import launch_options
from tests.browser.weighing import KB, Weight, weigh
from tests.product import Tree, seeded

LANGUAGES = {"bn": "Bangla", "en": "English"}


def run() -> list[dict[str, Any]]:
    """The four weights of row 10, in both languages."""
    weights = measured()
    heaviest = {language: max(weight.pages.values()) for language, weight in weights.items()}
    return [
        line("before the first paint", {of: weight.before_first_paint for of, weight in weights.items()}, 14),
        line("all scripts", {of: weight.scripts for of, weight in weights.items()}, 18),
        line("the whole booking: five pages, scripts, stylesheet", {of: w.booking for of, w in weights.items()}, 40),
        line("the heaviest later page, without its head", heaviest, 4),
    ]


def measured() -> dict[str, Weight]:
    """What each language weighs in a browser that has nothing yet."""
    with tempfile.TemporaryDirectory(prefix="doctapp-weight-") as name, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        with Tree(Path(name), database_url=seeded("sqlite", Path(name))) as product:
            return {word: weigh(browser, product, language) for language, word in LANGUAGES.items()}


def line(name: str, sizes: dict[str, int], goal: int) -> dict[str, Any]:
    """One line of the table."""
    value = ", ".join(f"{word} {size / KB:.1f} KB" for word, size in sizes.items())
    return {"name": name, "value": value, "goal": f"≤ {goal} KB", "met": max(sizes.values()) <= goal * KB}
