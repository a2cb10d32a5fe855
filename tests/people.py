"""The cast: who plays in the tests, and what time it is for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from doctapp import clock

NOW = clock.now().replace(microsecond=0)
PASSWORD = "demo-demo-demo"
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

ALICE = "+8801711111111"
BOB = "+8801722222222"
STRANGER = "+8801733333333"


@dataclass(frozen=True)
class Scene:
    """An evening at a chamber: one doctor, one clinic, one sitting tomorrow from five to nine."""

    doctor: object
    clinic: object
    chamber: object
    sitting: object
