"""The doctor is late: when to come shifts everywhere, the about-time stays, and who is coming is told once."""

import re
from datetime import timedelta

import pytest

from doctapp.appointments import jobs, lateness, places, telling
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment
from doctapp.audit.models import AuditEntry
from doctapp.db import db, transaction
from doctapp.notifications import jobs as letters
from doctapp.notifications import outbox
from doctapp.notifications.models import Letter, Notification
from doctapp.notifications.segments import segments
from doctapp.schedules.models import Sitting
from tests import make
from tests.appointments.steps import look, send
from tests.people import HOUR, MINUTE, NOW
from tests.see import see


@pytest.fixture
def soon(evening):
    """A sitting that begins in three hours."""
    return make.sitting(evening.chamber, start=1, starts_at=NOW + 3 * HOUR)


@pytest.fixture
def row(soon, alice):
    return make.appointment(soon, number=4, of=alice.patients[0])


@pytest.fixture
def hers(client, evening):
    """Dr Rokeya's browser."""
    return make.sign_in(client, db.session.get(make.Person, evening.doctor.person_id))


def announce(sitting, minutes, now=NOW):
    with transaction():
        return lateness.announce(sitting.id, minutes=minutes, by=By("clinic"), now=now)


def told(model=Notification):
    return db.session.scalars(db.select(model).filter_by(kind="late").order_by(model.id)).all()


def still(letter):
    return letters.STILL_TRUE["late"](letter)


def test_when_to_come_shifts_and_the_about_time_stays(soon, row):
    before, about_at = places.come_between(soon, row.about_at), row.about_at

    announce(soon, 40)

    again = db.session.get(Appointment, row.id, populate_existing=True)
    assert places.come_between(again.sitting, again.about_at) == tuple(at + 40 * MINUTE for at in before)
    assert again.about_at == about_at
    assert places.come_between(again.sitting, again.about_at, late=0) == before


def test_the_calendar_file_stays(client, soon, row):
    def when(text):
        return re.findall(r"DT(?:START|END).*", text)

    before = client.get(f"/appointments/{row.ref}.ics").text
    announce(soon, 40)

    assert when(client.get(f"/appointments/{row.ref}.ics").text) == when(before)


def test_the_ticket_says_so_to_everybody(client, soon, row):
    announce(soon, 40)
    come = places.come_between(soon, row.about_at)[0]

    page = look(client, row)

    assert "The doctor is about 40 minutes late." in page
    assert f"Come by {telling_time(client, come)}." in page


def telling_time(client, at):
    from doctapp.web.filters import clock

    with client.application.test_request_context(headers={"Accept-Language": "en"}):
        return clock(at)


def test_a_sitting_on_time_has_no_banner(client, soon, row):
    announce(soon, 40)
    announce(soon, 0)

    assert "minutes late" not in look(client, row)


def test_who_is_coming_is_told_once_by_notice_and_sms(soon, row):
    announce(soon, 40)
    for _ in range(3):
        jobs.tell_late(NOW)
        jobs.tell_late_sitting(soon.id)

    assert [(n.person_id, n.facts["late"]) for n in told()] == [(row.person_id, 40)]
    assert [(letter.channel, letter.address) for letter in told(Letter)] == [("sms", row.phone)]


@pytest.mark.parametrize("status", ["held", "arrived", "cancelled", "in_consultation"])
def test_nobody_else_is_told(soon, status):
    make.hold(soon, number=7) if status == "held" else make.appointment(soon, number=7, status=status)

    announce(soon, 40)
    jobs.tell_late(NOW)

    assert told() == []
    assert told(Letter) == []


def test_two_patients_of_one_phone_are_each_told(soon, alice):
    mother = make.patient(alice, "Momena Bibi", 58)
    for number, patient in ((4, alice.patients[0]), (5, mother)):
        make.appointment(soon, number=number, of=patient)

    announce(soon, 40)
    jobs.tell_late(NOW)

    assert len(told(Letter)) == 2


def test_a_change_of_less_than_ten_minutes_is_not_told(soon, row):
    announce(soon, 9)
    jobs.tell_late(NOW)

    assert told() == []


def test_small_changes_add_up(soon, row):
    for minutes in (5, 9, 12):
        announce(soon, minutes)
        jobs.tell_late(NOW)

    assert [n.facts["late"] for n in told()] == [12]


def test_each_change_that_matters_is_told_once(soon, row):
    for minutes in (40, 45, 60, 0, 40):
        announce(soon, minutes)
        jobs.tell_late(NOW)

    assert [n.facts["late"] for n in told()] == [40, 60, 0, 40]


def test_a_sitting_of_another_day_is_told_when_it_is_within_a_day(evening, alice):
    far = make.sitting(evening.chamber, days=3)
    make.appointment(far, of=alice.patients[0])
    announce(far, 40)

    jobs.tell_late(NOW)
    assert told() == []

    jobs.tell_late(far.starts_at - 23 * HOUR)
    assert len(told()) == 1


def test_a_telling_that_was_killed_half_way_is_finished_by_the_next(soon, monkeypatch):
    for number in range(1, 5):
        make.appointment(soon, number=number)
    monkeypatch.setattr(lateness, "BATCH", 2)
    announce(soon, 40)
    turns = iter([True])
    tell = lateness.tell
    monkeypatch.setattr(lateness, "tell", lambda ids, **given: next(turns) and tell(ids, **given))
    with pytest.raises(StopIteration):
        jobs.tell_late(NOW)
    monkeypatch.setattr(lateness, "tell", tell)

    jobs.tell_late(NOW)

    assert len(told()) == 4
    assert len(told(Letter)) == 4


def test_a_letter_is_obsolete_once_the_lateness_changed_again(soon, row):
    announce(soon, 40)
    jobs.tell_late(NOW)
    letter = told(Letter)[0]
    assert still(letter)

    announce(soon, 45)
    assert still(letter)
    announce(soon, 60)
    assert not still(letter)


@pytest.mark.parametrize("what", ["cancelled", "moved", "closed"])
def test_a_letter_is_obsolete_once_nobody_comes_there(evening, soon, row, what):
    announce(soon, 40)
    jobs.tell_late(NOW)
    letter = told(Letter)[0]
    if what == "cancelled":
        row.status = "cancelled"
    elif what == "moved":
        row.sitting = make.sitting(evening.chamber, days=4)
    else:
        db.session.get(Sitting, soon.id).cancelled_at = NOW
    db.session.commit()

    assert not still(letter)


def test_a_letter_is_obsolete_once_its_time_is_past(soon, row):
    announce(soon, 40)
    jobs.tell_late(NOW)
    said = {"ref": row.ref, "cause": told(Letter)[0].cause}

    assert lateness.is_true(**said, now=row.about_at + 39 * MINUTE)
    assert not lateness.is_true(**said, now=row.about_at + 40 * MINUTE)


def test_the_same_lateness_twice_is_one_change(soon):
    assert announce(soon, 40)
    assert not announce(soon, 40)

    assert len(db.session.scalars(db.select(AuditEntry).filter_by(act="lateness")).all()) == 1


def test_a_sitting_that_is_over_is_not_late(soon):
    with pytest.raises(lateness.NotSitting):
        announce(soon, 40, now=soon.ends_at)


def test_the_doctor_says_so_on_the_sittings_page(hers, soon, row):
    page = see(hers.get(f"/doctor/sittings/{soon.id}"))

    answer = see(send(hers, page, "lateness", minutes="৪০"))

    assert "Saved." in answer.alert
    assert "40 min late" in answer
    assert db.session.get(Sitting, soon.id).late_minutes == 40


@pytest.mark.parametrize("typed", ["", "-1", "241", "soon", "4.5"])
def test_what_are_no_minutes_is_said_and_kept(hers, soon, typed):
    answer = send(hers, see(hers.get(f"/doctor/sittings/{soon.id}")), "lateness", minutes=typed)

    page = see(answer)
    assert answer.status_code == 422
    assert "Enter minutes from 0 to 240" in page.alert
    assert page.form("lateness").fields["minutes"] == typed
    assert db.session.get(Sitting, soon.id).late_minutes == 0


@pytest.fixture
def facts(soon, row):
    return {**telling.facts(row), "number": 120, "state": "booked"}


@pytest.mark.parametrize("state", ["requested", "booked"])
@pytest.mark.parametrize("late", [0, 10, 240])
@pytest.mark.parametrize("language", ["en", "bn"])
def test_the_sms_is_one_segment_at_any_hour(facts, language, late, state):
    texts = [
        outbox._rendered(
            channel="sms", kind="late", language=language,
            facts={**facts, "late": late, "state": state, "come_from": NOW + timedelta(hours=hour)},
        )["body"]
        for hour in range(24)
    ]  # fmt: skip

    assert {segments(text) for text in texts} == {1}
    assert all(facts["ref"] in text for text in texts)
    if language == "en":
        assert all("come by" in text for text in texts)


@pytest.mark.parametrize("state", ["requested", "booked"])
@pytest.mark.parametrize("late", [0, 40])
def test_the_notice_says_how_late_and_when_to_come(client, alice, facts, late, state):
    with transaction():
        said = telling.kept({**facts, "late": late, "state": state})
        telling.notify(person_id=alice.id, kind="late", cause="late", link="/appointments", facts=said, now=NOW)

    page = see(make.sign_in(client, alice).get("/notifications"))

    assert ("about 40 minutes late" if late else "on time after all") in page
    assert "ome between" in page
