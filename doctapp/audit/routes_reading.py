"""What doors that show a record call once the page is made: no page is sent of which the audit knows nothing."""

from __future__ import annotations

from collections.abc import Sequence

from flask_login import current_user

from doctapp import clock
from doctapp.audit import reading
from doctapp.audit.reading import Read
from doctapp.db import transaction


def note(reads: Sequence[Read]) -> None:
    """Write that the viewer reads these, in a transaction of its own after all that the page read.

    Where the database is too busy for it the page is not sent: the reader gets the 503 of `web/errors.py`.
    """
    now, person_id = clock.now(), current_user.id
    unrecorded = reading.unrecorded(reads, person_id=person_id, now=now)
    if unrecorded:
        with transaction():
            reading.record(unrecorded, person_id=person_id, now=now)
