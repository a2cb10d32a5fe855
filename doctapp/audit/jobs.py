"""What the sweep does with the audit: it seals."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError

from doctapp.audit import sealing
from doctapp.db import Busy, is_busy, transaction
from doctapp.work import turns

EVERY = timedelta(seconds=50)

log = logging.getLogger(__name__)


def seal(now: datetime) -> None:
    """Seal the closed minutes; looks once a minute, and two sweeps side by side wait for each other at the turn."""
    try:
        with transaction():
            if turns.claim("audit.seal", span=EVERY, now=now):
                sealing.seal_closed(now=now)
    except (DBAPIError, Busy) as error:
        if not is_busy(error):
            raise
        log.info("somebody is writing to the audit: the next sweep seals")
