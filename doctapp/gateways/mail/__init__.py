"""Mail: one letter to one address, by SMTP or into the sandbox's inbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from unicodedata import category

from flask import current_app

from doctapp.config import Settings
from doctapp.gateways.outcomes import NotSent, Refused, Unknown, Unreachable

__all__ = ["Gateway", "Mail", "NotSent", "Refused", "Unknown", "Unreachable", "current"]


@dataclass(frozen=True)
class Mail:
    """A mail as it goes out; sent twice, it bears the same `id` and date, so that its reader sees it once.

    Whatever stands in a header is one line: anything else is Refused as soon as it is put together.
    """

    id: str
    to: str
    subject: str
    text: str
    html: str
    written_at: datetime

    def __post_init__(self) -> None:
        if any(_breaks_a_line(text) for text in (self.id, self.to, self.subject)):
            raise Refused("a line break in a header")


def _breaks_a_line(text: str) -> bool:
    return any(category(letter) in {"Cc", "Zl", "Zp"} for letter in text)


class Gateway(Protocol):
    """Whoever takes mail."""

    def send(self, mail: Mail) -> None:
        """Hand over one mail; returns once it was taken, else raises Refused, Unreachable or Unknown."""


def current() -> Gateway:
    """The gateway of these settings: SMTP where a server is named, else the sandbox of demo mode."""
    from doctapp.gateways.mail.sandbox import Sandbox  # both know this module's dataclass
    from doctapp.gateways.mail.smtp import Smtp

    settings: Settings = current_app.config["SETTINGS"]
    if settings.mail_server:
        return Smtp(settings)
    if settings.demo:
        return Sandbox(settings)
    raise RuntimeError("MAIL_SERVER is not set, and the sandbox is for demo mode only")
