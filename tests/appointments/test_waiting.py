"""The waiting list of a full sitting: who may wait, who is first, and that freed numbers are theirs."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from doctapp.appointments import conflicts, holding, jobs, joining, moving, places, waiting
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment, Waiting
from doctapp.db import db, transaction
from doctapp.directory import counting
from doctapp.doctors.models import Chamber
from doctapp.notifications.models import Letter
from doctapp.schedules.models import Sitting
from tests import make, people
from tests.people import HOUR, MINUTE, NOW
from tests.statements import counted

DAY = timedelta(days=1)


@pytest.fixture
def full(evening):
    """A sitting of three numbers, all booked."""
    sitting = make.sitting(evening.chamber, days=2, capacity=3)
    for number in (1, 2, 3):
        make.appointment(sitting, number=number)
    return sitting


def join(sitting, phone=people.ALICE, *, person_id=None, address="somewhere", now=NOW):
    with transaction():
        waiting.join(
            sitting_id=sitting.id, phone=phone, shown=phone, person_id=person_id, address=address, language="en",
            now=now,
        )  # fmt: skip


def line(sitting):
    """The phones on the list, in their order."""
    query = select(Waiting.phone).where(Waiting.sitting_id == sitting.id, Waiting.state == "waiting")
    return list(db.session.scalars(query.order_by(Waiting.id)))


def give_up(sitting, number):
    """Its number is free again, and nobody may take that back."""
    row = db.session.scalars(select(Appointment).filter_by(sitting_id=sitting.id, number=number)).one()
    row.status = "cancelled"
    db.session.commit()
    return row


def hold(sitting, number, browser="stranger", now=NOW):
    with transaction():
        return holding.hold(
            sitting_id=sitting.id, number=number, browser_hash=browser, person_id=None, address="a", language="en",
            now=now,
        )  # fmt: skip


def test_a_phone_waits_and_claims_nothing(full):
    join(full)

    row = db.session.scalars(select(Waiting)).one()
    assert (row.phone, row.state, row.person_id, row.offer_id) == (people.ALICE, "waiting", None, None)
    assert db.session.query(Letter).count() == 0


def test_a_person_is_known_only_by_a_phone_that_is_theirs(full, alice):
    join(full, people.ALICE, person_id=alice.id)
    join(full, people.BOB, person_id=alice.id)

    assert [row.person_id for row in db.session.scalars(select(Waiting).order_by(Waiting.id))] == [alice.id, None]


def test_a_phone_is_on_a_list_once_and_keeps_its_place(full):
    for phone in (people.ALICE, people.BOB, people.ALICE):
        join(full, phone)

    assert line(full) == [people.ALICE, people.BOB]


def test_the_first_who_came_is_the_first_in_line(full):
    join(full, people.BOB)
    join(full, people.ALICE)

    assert waiting.first(full.id).phone == people.BOB


def test_nobody_waits_where_something_is_free(evening):
    with pytest.raises(waiting.NotFull):
        join(evening.sitting)


def test_one_may_wait_where_the_freed_number_is_already_somebody_elses_who_waits(full):
    join(full)
    give_up(full, 2)

    join(full, people.BOB)

    assert line(full) == [people.ALICE, people.BOB]


def test_nobody_waits_for_a_sitting_that_is_over_cancelled_or_not_there(full):
    with pytest.raises(waiting.NoList):
        join(full, now=full.ends_at)
    with pytest.raises(waiting.NearlyOver):
        join(full, now=full.starts_at)
    full.cancelled_at = NOW
    db.session.commit()
    with pytest.raises(waiting.NoList):
        join(full)
    with pytest.raises(waiting.NoList), transaction():
        waiting.join(
            sitting_id=0, phone="x", shown="x", person_id=None, address="a", language="en", now=NOW
        )  # fmt: skip


def test_nobody_waits_for_a_doctor_who_is_not_seen(full, evening):
    evening.doctor.status = "suspended"
    db.session.commit()

    with pytest.raises(waiting.NoList):
        join(full)


def test_a_phone_waits_in_few_lists_a_day(full, evening, monkeypatch):
    monkeypatch.setattr(waiting, "A_PHONE_A_DAY", 1)
    other = make.sitting(evening.chamber, days=3, capacity=1)
    make.appointment(other, number=1)
    join(full)

    with pytest.raises(waiting.TooManyLists) as refused:
        join(other)

    assert refused.value.retry_after > 23 * 3600
    assert line(other) == []
    join(other, now=NOW + DAY)


def test_an_address_puts_so_many_phones_on_lists_an_hour(full, monkeypatch):
    monkeypatch.setattr(waiting, "AN_ADDRESS_AN_HOUR", 1)
    join(full, people.ALICE)
    join(full, people.ALICE)

    with pytest.raises(waiting.TooManyLists):
        join(full, people.BOB)
    join(full, people.BOB, address="elsewhere")


def test_while_somebody_waits_a_freed_number_is_refused_to_others(full):
    join(full)
    give_up(full, 2)

    with pytest.raises(holding.OthersWait):
        hold(full, 2)

    assert db.session.query(Appointment).filter_by(status="held").count() == 0


def test_a_number_that_somebody_has_is_refused_as_taken(full):
    join(full)

    with pytest.raises(holding.NumberTaken):
        hold(full, 2)


def test_when_nobody_waits_any_more_it_is_free_for_all(full):
    join(full)
    give_up(full, 2)
    db.session.execute(db.update(Waiting).values(state="passed"))
    db.session.commit()

    assert hold(full, 2).status == "held"


def test_what_others_wait_for_is_free_to_nobody_in_pages_and_sums(full):
    assert places.is_full(full, now=NOW)
    give_up(full, 2)
    assert [place.number for place in places.free([full], now=NOW)] == [2]

    join_anyway(full)

    assert places.free([full], now=NOW) == []
    summed = select(counting.free_count(NOW)).select_from(Sitting).join(Chamber, Chamber.id == Sitting.chamber_id)
    assert db.session.scalar(summed.where(Sitting.id == full.id)) == 0


def join_anyway(sitting):
    """Somebody who waited before the number was free."""
    make.saved(
        Waiting(
            token_hash="x", sitting_id=sitting.id, phone=people.ALICE, shown="x", language="en", state="waiting",
            created_at=NOW,
        )
    )  # fmt: skip


def test_a_patient_is_not_moved_to_what_others_wait_for_and_the_clinic_may(full, evening, alice):
    row = make.appointment(make.sitting(evening.chamber, days=4), of=alice.patients[0])
    give_up(full, 2)
    join_anyway(full)

    for side, by in (("patient", By("patient", alice.id)), ("clinic", By("clinic", evening.doctor.person_id))):
        if side == "patient":
            with pytest.raises(holding.OthersWait):
                move(row, full, 2, by)
        else:
            move(row, full, 2, by)

    assert db.session.get(Appointment, row.id).number == 2


def move(row, sitting, number, by):
    with transaction():
        moving.move(db.session.get(Appointment, row.id), sitting_id=sitting.id, number=number, by=by, now=NOW)


def test_nobody_waits_on_for_what_was_cancelled_or_is_over(full, evening):
    other = make.sitting(evening.chamber, days=3, capacity=1)
    make.appointment(other, number=1)
    join(full)
    join(other)
    full.cancelled_at = NOW
    db.session.commit()

    jobs.offer_places(NOW + MINUTE)

    assert (line(full), line(other)) == ([], [people.ALICE])
    jobs.offer_places(other.ends_at)
    assert line(other) == []


def test_a_phone_that_waited_in_vain_is_forgotten_after_thirty_days(full):
    join(full)
    jobs.offer_places(full.ends_at)

    jobs.purge(full.ends_at + 29 * DAY)
    assert db.session.query(Waiting).count() == 1
    jobs.purge(full.ends_at + 30 * DAY)

    assert db.session.query(Waiting).count() == 0


def test_a_sitting_that_somebody_waited_for_is_never_deleted(full):
    empty = make.sitting(full.chamber, days=9)
    assert db.session.scalars(select(Sitting.id).where(Sitting.id == empty.id, conflicts.unused())).all()

    join_anyway(empty)

    assert not db.session.scalars(select(Sitting.id).where(Sitting.id == empty.id, conflicts.unused())).all()


def test_who_is_joined_takes_their_place_in_line_along(full, alice, bob):
    join(full, people.ALICE, person_id=alice.id)

    with transaction():
        joining.move(person_id=bob.id, other_id=alice.id)

    assert db.session.scalars(select(Waiting.person_id)).one() == bob.id


def test_whether_somebody_waits_costs_one_statement_for_any_number_of_sittings(full, evening):
    sittings = [full, evening.sitting]
    _ = [(s.id, s.capacity) for s in sittings]
    with counted() as sent:
        places.refused(sittings, now=NOW)

    assert len(sent) == 2


def test_a_list_is_found_by_its_index(full):
    if db.engine.dialect.name != "sqlite":
        return
    asked = str(select(Sitting.id).where(places.is_awaited()).compile(db.engine))
    plan = db.session.execute(db.text(f"EXPLAIN QUERY PLAN {asked}")).all()

    assert any("waiting USING" in row[-1] and "INDEX" in row[-1] for row in plan), plan


def test_before_the_lead_time_there_is_still_a_list(full):
    join(full, now=full.starts_at - 2 * HOUR)

    assert line(full) == [people.ALICE]
