"""How a letter may fail to go out: the three answers every sender knows, and the rule that it sends alone."""

from __future__ import annotations

from doctapp.db import in_transaction


class NotSent(Exception):
    """What went wrong, in words for an admin: a code and a reason, never the letter's own words."""


class Refused(NotSent):
    """The other side will never take this letter."""


class Unreachable(NotSent):
    """The letter was surely not taken; later it may be."""


class Unknown(NotSent):
    """The letter was perhaps taken: its answer was lost."""


def refuse_in_transaction() -> None:
    """A gateway may take seconds, and what it did can't be rolled back: no transaction may be open."""
    if in_transaction():
        raise RuntimeError("gateways are called outside transactions: commit the intent first")
