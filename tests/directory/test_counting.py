"""The database counts free places as the rule does that shows them."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from doctapp.appointments import places
from doctapp.db import db
from doctapp.directory import counting
from doctapp.doctors.models import Chamber
from doctapp.schedules.models import Sitting
from tests import make
from tests.people import NOW


def some_sittings(rng: random.Random, n: int) -> list[Sitting]:
    """Sittings of all kinds: over, running, ahead, nearly full, with extras, with holds that ran out."""
    made = []
    for _ in range(n):
        begins = NOW + timedelta(minutes=rng.choice([-300, -61, -60, -59, -7, 0, 59, 60, 61, 600]))
        chamber = make.chamber(lead_minutes=rng.choice([0, 1, 60, 90]))
        sitting = make.sitting(chamber, starts_at=begins, capacity=rng.randint(1, 9), minutes=rng.choice([7, 10, 60]))
        for number in rng.sample(range(1, sitting.capacity + 3), rng.randint(0, sitting.capacity + 1)):
            over = rng.random() < 0.3
            make.hold(
                sitting, number=number, browser=str(number), held_until=NOW + timedelta(minutes=-1 if over else 5)
            )
        made.append(sitting)
    return made


@pytest.mark.parametrize("rest", [0, 500])
def test_the_sum_of_free_places_and_the_first_of_them_are_those_that_are_shown(app, rest):
    sittings = some_sittings(random.Random(1971), 60)
    now = NOW + timedelta(milliseconds=rest)
    asked = select(Sitting.id, counting.free_count(now), counting.first_free(now)).join(Chamber)
    counted = {row[0]: row[1:] for row in db.session.execute(asked)}

    for sitting in sittings:
        shown = places.free([sitting], now=now)
        free, first = counted[sitting.id]
        assert max(free, 0) == len(shown)
        assert not shown or first == shown[0].about_at.timestamp()
