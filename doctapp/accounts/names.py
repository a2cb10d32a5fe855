"""Names of people: one word of two letters is enough; two spellings of the same name are the same."""

from __future__ import annotations

import unicodedata

from doctapp.digits import latin


def tidy(name: str) -> str:
    """The name as it is shown: NFC, single spaces."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def tidy_or_empty(name: str | None) -> str:
    """The tidied name; nothing where nothing was typed."""
    return tidy(name or "")


def key(name: str) -> str:
    """What names are compared by: case, dots, commas and spaces apart."""
    kept = (c if c.isalnum() or unicodedata.category(c).startswith("M") else " " for c in tidy(name).casefold())
    return " ".join(latin("".join(kept)).split())


def is_name(name: str) -> bool:
    """Whether it has at least two letters (a vowel sign counts: ঔ, ইমু and Oi are names)."""
    return sum(c.isalpha() or unicodedata.category(c).startswith("M") for c in tidy(name)) >= 2
