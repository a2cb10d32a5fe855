"""Doctor, staff and admin cancel with a reason; the patient is told after a minute; ten minutes to take it back."""

import pytest

from doctapp.accounts.models import Person
from doctapp.appointments import cancelling, holding, life, telling, undoing
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment
from doctapp.db import db
from doctapp.errors import DomainError
from doctapp.notifications.models import Letter, Notification
from tests import make
from tests.appointments.steps import look, send
from tests.appointments.test_deciding import SECOND, act, status
from tests.people import MINUTE, NOW
from tests.see import see


@pytest.fixture
def row(evening, alice):
    return make.appointment(evening.sitting, of=alice.patients[0])


@pytest.fixture
def clinic(evening, nasrin):
    return By("clinic", nasrin.id, evening.clinic.id)


@pytest.fixture
def desk(client, nasrin):
    """The front desk's browser."""
    return make.sign_in(client, nasrin)


@pytest.fixture
def hers(other, alice):
    """Alice's browser."""
    return make.sign_in(other, alice)


def kinds():
    return sorted(db.session.scalars(db.select(Notification.kind)))


def test_the_cut_off_does_not_bind_the_clinic(row, clinic):
    act(cancelling.cancel, row, reason="away", by=clinic, now=row.about_at - MINUTE)

    assert status(row) == "cancelled"


@pytest.mark.parametrize("state", ["arrived", "called", "in_consultation", "declined", "completed"])
def test_only_what_is_requested_or_booked_is_cancelled(row, clinic, state):
    row.status = state
    db.session.commit()

    with pytest.raises(cancelling.NotCancellable):
        act(cancelling.cancel, row, reason="away", by=clinic)


def test_the_letter_waits_a_minute_the_notice_does_not_and_the_doctor_is_told_of_the_desk(row, clinic):
    act(cancelling.cancel, row, reason="away", by=clinic)

    letter = db.session.scalars(db.select(Letter)).one()
    assert (letter.kind, letter.due_at) == ("clinic_cancelled", NOW + MINUTE)
    assert kinds() == ["clinic_cancelled", "desk_cancelled"]


def test_the_doctor_is_not_told_of_the_doctors_own_act(row, evening):
    act(cancelling.cancel, row, reason="away", by=By("clinic", evening.doctor.person_id, evening.clinic.id))

    assert kinds() == ["clinic_cancelled"]


def test_an_admins_letter_does_not_wait_and_nobody_takes_it_back(row, clinic, admin):
    by = By("admin", admin.id)
    event = act(cancelling.cancel, row, reason="mistake", by=by)

    assert db.session.scalars(db.select(Letter.due_at)).all() == [NOW]
    with pytest.raises(undoing.TooLateToUndo):
        act(undoing.undo, row, event_id=event, by=clinic)


def test_a_clinics_cancellation_is_taken_back_for_ten_minutes_by_the_clinic_only(row, clinic, alice):
    event = act(cancelling.cancel, row, reason="away", by=clinic)

    with pytest.raises(undoing.TooLateToUndo):
        act(undoing.undo, row, event_id=event, by=By("patient", alice.id))
    with pytest.raises(undoing.TooLateToUndo):
        act(undoing.undo, row, event_id=event, by=clinic, now=NOW + 10 * MINUTE)
    act(undoing.undo, row, event_id=event, by=clinic, now=NOW + 9 * MINUTE)

    assert status(row) == "booked"


def test_an_undo_within_the_minute_writes_no_letter_a_later_one_its_own(row, clinic):
    event = act(cancelling.cancel, row, reason="away", by=clinic)
    act(undoing.undo, row, event_id=event, by=clinic, now=NOW + 59 * SECOND)
    letters = db.session.scalars(db.select(Letter)).all()
    assert [letter.kind for letter in letters] == ["clinic_cancelled"]
    assert not telling.is_true("clinic_cancelled", ref=letters[0].about, cause=letters[0].cause)

    event = act(cancelling.cancel, row, reason="away", by=clinic)
    act(undoing.undo, row, event_id=event, by=clinic, now=NOW + 2 * MINUTE)

    assert db.session.scalars(db.select(Letter.kind).order_by(Letter.id.desc()).limit(1)).one() == "booked"


def test_an_undo_loses_to_who_took_the_number_and_to_the_patients_other_serial(row, clinic, evening, alice, bob):
    event = act(cancelling.cancel, row, reason="away", by=clinic)
    other = make.appointment(evening.sitting, number=12, of=bob.patients[0])
    with pytest.raises(holding.NumberTaken):
        act(undoing.undo, row, event_id=event, by=clinic)

    other.number = 20
    db.session.commit()
    make.appointment(evening.sitting, number=3, of=alice.patients[0])
    with pytest.raises(DomainError) as refused:
        act(undoing.undo, row, event_id=event, by=clinic)

    assert refused.value.facts["name"] == "Alice Akter"


def test_an_overdue_hold_does_not_keep_a_number_from_being_restored(row, clinic, evening):
    event = act(cancelling.cancel, row, reason="away", by=clinic)
    make.hold(evening.sitting, number=12, held_until=NOW - SECOND)

    act(undoing.undo, row, event_id=event, by=clinic)

    assert status(row) == "booked"


def test_the_desks_page_says_what_happens_and_asks_why(desk, row):
    page = look(desk, row, "cancellation")

    for words in ("Alice Akter", "told by SMS after a minute", "For 10 minutes you can undo it"):
        assert words in page
    assert page.form("cancellation").choices("reason") == list(cancelling.CLINIC_REASONS)


def test_the_desk_cancels_with_a_reason_and_the_patient_reads_by_whom_and_why(desk, hers, row):
    ticket = see(send(desk, look(desk, row, "cancellation"), "cancellation", reason="emergency"))

    assert "The patient is texted after a minute." in ticket.alert
    assert ticket.form("undo")
    page = look(hers, row)
    assert "Nasrin Akter at the front desk cancelled it on" in page
    assert "The doctor is called to an emergency" in page
    assert "undo" not in [form.id for form in page.forms]
    assert page.link("Choose another time")


def test_strangers_read_only_that_the_chamber_cancelled_it(desk, other, row):
    send(desk, look(desk, row, "cancellation"), "cancellation", words="The lift is broken")

    page = look(other, row)

    assert "The chamber cancelled it on" in page
    assert "Nasrin" not in page
    assert "lift" not in page


def test_own_words_are_a_reason_and_stand_on_the_ticket_only(desk, hers, row):
    send(desk, look(desk, row, "cancellation"), "cancellation", words="The lift is broken")

    assert life.last_event(db.session.get(Appointment, row.id)).why == "The lift is broken"
    assert "The lift is broken" in look(hers, row)
    assert "lift" not in db.session.scalars(db.select(Letter.body)).one()


def test_without_a_reason_nothing_is_cancelled(desk, row):
    answer = send(desk, look(desk, row, "cancellation"), "cancellation")

    assert answer.status_code == 422
    assert see(answer).errors == ["Choose a reason, or write one"]
    assert status(row) == "booked"


def test_too_many_words_are_refused_and_kept(desk, row):
    answer = send(desk, look(desk, row, "cancellation"), "cancellation", words="x" * 201)

    assert answer.status_code == 422
    assert "x" * 201 in str(see(answer).soup)


def test_the_desk_takes_it_back_on_the_ticket(desk, row):
    ticket = see(send(desk, look(desk, row, "cancellation"), "cancellation", reason="away"))

    page = see(send(desk, ticket, "undo"))

    assert page.alert.startswith("Undone.")
    assert status(row) == "booked"


def test_the_desks_undo_of_a_lost_number_offers_the_three_nearest(desk, row, evening, bob):
    ticket = see(send(desk, look(desk, row, "cancellation"), "cancellation", reason="away"))
    make.appointment(evening.sitting, number=12, of=bob.patients[0])

    answer = send(desk, ticket, "undo")

    page = see(answer)
    assert answer.status_code == 409
    assert "moment before you" in page
    assert len([link for link in page.links if "number=" in link.href]) == 3


def test_the_inboxs_undo_of_a_lost_number_offers_the_three_nearest(desk, evening, alice, bob):
    row = make.appointment(evening.sitting, status="requested", of=alice.patients[0])
    fragment = see(
        desk.post(
            f"/appointments/{row.ref}/refusal",
            data=see(desk.get("/doctor/requests")).form(f"refusal-{row.ref}").fill(reason="away"),
            headers={"HX-Request": "true"},
        )
    )
    make.appointment(evening.sitting, number=12, of=bob.patients[0])
    form = fragment.form(f"undo-{row.ref}")

    answer = desk.post(form.action, data=form.fill(), headers={"HX-Request": "true"})

    page = see(answer)
    assert answer.status_code == 409
    assert "The 3 nearest free serials:" in page
    assert len([link for link in page.links if "number=" in link.href]) == 3


def test_who_is_second_is_told_who_cancelled_and_when(desk, hers, row):
    page = look(hers, row, "cancellation")
    send(desk, look(desk, row, "cancellation"), "cancellation", reason="away")

    answer = send(hers, page, "cancellation")

    told = see(answer)
    assert answer.status_code == 409
    assert told.h1 == "There is nothing left to cancel"
    assert "Nasrin Akter at the front desk cancelled it:" in told


def test_a_repeated_tap_leads_to_the_ticket(desk, row):
    page = look(desk, row, "cancellation")
    send(desk, page, "cancellation", reason="away")

    assert see(send(desk, page, "cancellation", reason="away")).h1 == "Serial 12 is cancelled"


def test_an_admin_cancels_with_a_reason_and_the_ticket_says_so(client, admin, hers, row):
    make.sign_in(client, admin)
    page = look(client, row, "cancellation")
    assert "This can’t be undone" in page

    send(client, page, "cancellation", reason="mistake")

    assert status(row) == "cancelled"
    assert "An administrator of DoctApp cancelled it on" in look(hers, row)


def test_a_doctor_who_is_the_patient_cancels_as_the_patient(client, evening):
    rokeya = db.session.get(Person, evening.doctor.person_id)
    row = make.appointment(evening.sitting, of=make.patient(rokeya, "Rokeya Begum", 44, oneself=True))
    hers = make.sign_in(client, rokeya)

    page = look(hers, row, "cancellation")
    send(hers, page, "cancellation")

    assert "better" in page.form("cancellation").choices("reason")
    assert life.last_event(db.session.get(Appointment, row.id)).side == "patient"
