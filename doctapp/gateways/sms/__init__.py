"""SMS: one text to one phone, by an HTTP gateway or into the sandbox's inbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from flask import current_app

from doctapp.config import Settings
from doctapp.gateways.outcomes import NotSent, Refused, Unknown, Unreachable

__all__ = ["Gateway", "NotSent", "Refused", "Sms", "Unknown", "Unreachable", "current"]


@dataclass(frozen=True)
class Sms:
    """A text as it goes out."""

    to: str
    text: str


class Gateway(Protocol):
    """Whoever takes SMS."""

    def send(self, sms: Sms) -> None:
        """Hand over one text; returns once it was taken, else raises Refused, Unreachable or Unknown."""


def current() -> Gateway:
    """The gateway of these settings: HTTP where an address is given, else the sandbox of demo mode."""
    from doctapp.gateways.sms.http import Http  # both know this module's dataclass
    from doctapp.gateways.sms.sandbox import Sandbox

    settings: Settings = current_app.config["SETTINGS"]
    if settings.sms_url:
        return Http(settings)
    if settings.demo:
        return Sandbox(settings)
    raise RuntimeError("SMS_URL is not set, and the sandbox is for demo mode only")
