"""What runs in the background: the queues, the steps of a sweep in their order, and where their names lead."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

QUEUES: tuple[str, ...] = ("letters",)

STEPS: tuple[str, ...] = (
    "appointments.end_cancelled",
    "appointments.expire_holds",
    "appointments.lapse_requests",
    "appointments.offer_places",
    "payments.ask_open",
    "payments.send_refunds",
    "appointments.remind_doctors",
    "appointments.remind_patients",
    "appointments.close_past",
    "appointments.tell_late",
    "notifications.send_due",
    "audit.seal",
    "payments.reconcile",
    "schedules.extend",
    "appointments.purge",
    "notifications.purge",
    "accounts.purge",
)


def find(name: str) -> Callable[..., Any]:
    """The function a name leads to: "notifications.send" is `send` in doctapp/notifications/jobs.py."""
    if not re.fullmatch(r"[a-z]+\.[a-z][a-z_]*", name):
        raise ValueError(f"{name!r} is no name of a job")
    room, _, job = name.partition(".")
    found: Callable[..., Any] = getattr(import_module(f"doctapp.{room}.jobs"), job)
    return found
