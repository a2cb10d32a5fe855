"""Numbered pages that are also "load more"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import request

from doctapp.digits import latin

Item = TypeVar("Item")
LAST_PAGE = 50


@dataclass(frozen=True)
class Page(Generic[Item]):
    """One page of a list, and how many there are in all."""

    items: Sequence[Item]
    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, min(LAST_PAGE, -(-self.total // self.size)))

    @property
    def first(self) -> int:
        return (self.number - 1) * self.size + 1 if self.total else 0

    @property
    def last(self) -> int:
        return min(self.total, self.number * self.size)

    @property
    def next(self) -> int | None:
        return self.number + 1 if self.number < self.pages else None

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def numbers(self) -> list[int | None]:
        """The page numbers to link, None where some are left out."""
        near = {1, self.pages, *range(self.number - 1, self.number + 2)}
        shown: list[int | None] = []
        for number in sorted(n for n in near if 1 <= n <= self.pages):
            if shown and shown[-1] is not None and number > shown[-1] + 1:
                shown.append(None)
            shown.append(number)
        return shown


def page_number() -> int:
    """The `page` of the address; anything that is no page number is page 1."""
    given = latin(request.args.get("page", "1"))
    return min(max(int(given), 1), LAST_PAGE) if given.isascii() and given.isdigit() and len(given) < 4 else 1
