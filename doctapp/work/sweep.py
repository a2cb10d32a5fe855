"""The sweep: a small loop that does what is due, so that nothing rests on Redis or on a worker.

It changes states itself and sends the letters that no worker saw to. Any number may run: each round is one row's turn.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import DBAPIError

from doctapp import clock
from doctapp.db import Busy, db, transaction
from doctapp.work import turns
from doctapp.work.runner import again
from doctapp.work.timetable import STEPS, find

SPAN = timedelta(seconds=25)

log = logging.getLogger(__name__)
stopping = threading.Event()


def sweep_once(now: datetime) -> bool:
    """Do each step if it is our turn; a step that fails is logged and stops no other."""
    with transaction():
        ours = turns.claim("sweep", span=SPAN, now=now)
    for name in STEPS if ours else ():
        if stopping.is_set():
            break
        _step(name, now)
    db.session.remove()
    return ours


def sweep_for_ever(every: float) -> None:
    """Sweep every so many seconds until SIGTERM or SIGINT; a round under way ends with the letter in hand."""
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, _stop)
    while not stopping.is_set():
        began = time.monotonic()
        try:
            sweep_once(clock.now())
        except (DBAPIError, Busy) as error:
            log.warning("the database did not let us sweep (%s)", type(error).__name__)
        except Exception:
            log.exception("the sweep failed; it goes on")
        db.session.remove()
        stopping.wait(max(0.0, every - (time.monotonic() - began)))


def _step(name: str, now: datetime) -> None:
    try:
        again(lambda: find(name)(now))
    except Exception:
        log.exception("the sweep's step %s failed", name)
    db.session.remove()


def _stop(*_: Any) -> None:
    stopping.set()
