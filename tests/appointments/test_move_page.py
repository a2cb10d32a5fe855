"""The page of a move: the chamber's days, the places of one with the own marked, the move at once, and what is said."""

import pytest

from doctapp.appointments import cancelling, life, moving
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment
from doctapp.audit.models import AuditEntry
from doctapp.db import db, transaction
from tests import make
from tests.appointments.steps import look, send
from tests.people import HOUR, NOW
from tests.see import see

HTMX = {"HX-Request": "true"}


@pytest.fixture
def hers(client, alice):
    """Alice's browser."""
    return make.sign_in(client, alice)


@pytest.fixture
def desk(other, nasrin):
    """The front desk's browser."""
    return make.sign_in(other, nasrin)


@pytest.fixture
def row(alice, evening):
    return make.appointment(evening.sitting, of=alice.patients[0])


@pytest.fixture
def later(evening):
    """Another evening of the same chamber."""
    return make.sitting(evening.chamber, days=3)


def place(row):
    row = db.session.get(Appointment, row.id, populate_existing=True)
    return row.sitting_id, row.number


def form_of(page, sitting):
    return page.form(f"place-{sitting.id}")


def test_the_page_offers_the_chambers_days_and_the_places_of_its_own(hers, row, evening, later):
    elsewhere = make.sitting(make.chamber(evening.doctor), days=2)

    page = look(hers, row, "move")

    assert page.h1 == "Change the time of serial 12"
    assert [a["id"] for a in page.select("a[id^=day-]")] == [
        f"day-{sitting.local_date.isoformat()}" for sitting in (evening.sitting, later)
    ]
    assert [form.id for form in page.forms if form.id.startswith("place-")] == [f"place-{evening.sitting.id}"]
    assert str(elsewhere.local_date) not in str(page.soup)
    assert form_of(page, evening.sitting).action == f"/appointments/{row.ref}/move"


def test_the_own_number_is_marked_and_cannot_be_chosen(hers, row, evening):
    page = look(hers, row, "move")

    own = page.select("input[name=number][value='12']")[0]
    assert own.has_attr("disabled")
    assert "yours now" in own.parent.get_text()
    assert form_of(page, evening.sitting).fields["number"] is None


def test_the_page_says_what_stays_how_often_and_until_when(hers, row):
    page = look(hers, row, "move")

    for words in (
        "Alice Akter",
        "Dr Rokeya Begum",
        "here twice, until",
        row.ref,
        "the fee stay",
        "10" if 0 else "undo",
    ):
        assert words in page


def test_a_chosen_place_is_moved_to_at_once(hers, row, evening):
    page = look(hers, row, "move")
    form = form_of(page, evening.sitting)

    answer = hers.post(form.action, data=form.fill(number=5))

    assert (answer.status_code, answer.location) == (303, f"/appointments/{row.ref}?ok=moved")
    assert place(row) == (evening.sitting.id, 5)


def test_the_ticket_says_from_where_to_where_and_offers_the_way_back(hers, row, evening):
    ticket = see(send(hers, look(hers, row, "move"), f"place-{evening.sitting.id}", number=5))

    assert "Moved: it is serial 5 now" in ticket.alert
    assert "It was serial 12" in ticket
    assert "about 6:50pm" in ticket
    back = see(send(hers, ticket, "undo"))
    assert back.alert.startswith("Undone.")
    assert place(row) == (evening.sitting.id, 12)


def test_another_day_shows_its_places_also_to_htmx(hers, row, later):
    address = f"/appointments/{row.ref}/move?day={later.local_date.isoformat()}"

    page, fragment = see(hers.get(address)), see(hers.get(address, headers=HTMX))

    assert form_of(page, later) and form_of(fragment, later)
    assert fragment.select("section#places") and not fragment.select("h1")


def test_htmx_says_exactly_what_becomes_of_what_is_chosen(hers, row, later):
    fragment = see(hers.get(f"/appointments/{row.ref}/move?sitting={later.id}&number=5", headers=HTMX))

    sentence = fragment.select(f"#change-{later.id}")[0].get_text(" ")
    assert "serial 12 becomes 5" in sentence
    assert "about 6:50pm to" in sentence
    assert "about 5:40pm" in sentence


def test_a_chosen_place_can_be_linked_to(hers, row, later):
    page = see(hers.get(f"/appointments/{row.ref}/move?sitting={later.id}&number=5"))

    assert form_of(page, later).fields["number"] == "5"


def test_without_a_number_the_page_asks_for_one(hers, row, evening):
    form = form_of(look(hers, row, "move"), evening.sitting)

    answer = hers.post(form.action, data=form.fill())

    assert answer.status_code == 422
    assert see(answer).errors == ["Choose a serial first"]
    assert place(row) == (evening.sitting.id, 12)


def test_a_lost_number_offers_the_three_nearest_of_the_chamber_to_move_to(hers, row, evening, bob):
    form = form_of(look(hers, row, "move"), evening.sitting)
    make.appointment(evening.sitting, number=5, of=bob.patients[0])

    answer = hers.post(form.action, data=form.fill(number=5))

    page = see(answer)
    assert answer.status_code == 409
    assert "moment before you" in page.h1
    assert "Nothing was moved: it is still serial 12" in page
    near = form_of(page, evening.sitting)
    assert len(near.choices("number")) == 3
    assert near.action == f"/appointments/{row.ref}/move"
    assert hers.post(near.action, data=near.fill(number=4)).status_code == 303
    assert place(row) == (evening.sitting.id, 4)


def test_who_has_a_serial_in_that_sitting_is_told_so(hers, row, alice, later):
    make.appointment(later, number=3, of=alice.patients[0])
    page = see(hers.get(f"/appointments/{row.ref}/move?day={later.local_date.isoformat()}"))

    answer = send(hers, page, f"place-{later.id}", number=5)

    assert answer.status_code == 409
    assert "Alice Akter already has a serial in this sitting." in see(answer).alert


def test_who_is_second_is_told_who_moved_it_and_when(hers, row, evening, nasrin):
    page = look(hers, row, "move")
    moved_by_the_desk(row, evening, nasrin)

    answer = send(hers, page, f"place-{evening.sitting.id}", number=5)

    told = see(answer)
    assert answer.status_code == 409
    assert "Nothing was moved by you. Nasrin Akter at the front desk moved it:" in told.alert
    assert told.h1 == "Change the time of serial 7"
    assert place(row) == (evening.sitting.id, 7)


def test_who_moves_while_it_is_cancelled_is_told_who_and_when(hers, row, evening, nasrin, monkeypatch):
    """The cancel comes between the look at the state and the UPDATE, which then matches nothing."""
    page = look(hers, row, "move")
    with transaction():
        by = By("clinic", nasrin.id, evening.clinic.id)
        cancelling.cancel(db.session.get(Appointment, row.id), reason="away", by=by, now=NOW)
    looks = iter([None])
    refusal = moving.refusal
    monkeypatch.setattr(moving, "refusal", lambda *args, **given: next(looks, refusal(*args, **given)))
    monkeypatch.setattr(moving, "put", lambda *_args, **_given: None)

    answer = send(hers, page, f"place-{evening.sitting.id}", number=5)

    assert answer.status_code == 409
    assert "Nasrin Akter at the front desk cancelled it:" in see(answer)


def moved_by_the_desk(row, evening, nasrin):
    with transaction():
        by = By("clinic", nasrin.id, evening.clinic.id)
        again = db.session.get(Appointment, row.id)
        moving.move(again, sitting_id=evening.sitting.id, number=7, by=by, now=NOW)


def test_after_the_cut_off_the_page_says_to_call(hers, alice, evening):
    soon = make.sitting(evening.chamber, start=60, starts_at=NOW + HOUR)
    row = make.appointment(soon, number=2, of=alice.patients[0], booked_at=NOW - 24 * HOUR)

    answer = hers.get(f"/appointments/{row.ref}/move")

    page = see(answer)
    assert answer.status_code == 409
    assert page.h1.startswith("It is too late to change the time here")
    assert page.link("Call Gomoti Hospital") == "tel:081600001"


def test_after_two_moves_the_page_says_to_call(hers, row):
    row.patient_moves = 2
    db.session.commit()

    answer = hers.get(f"/appointments/{row.ref}/move")

    assert answer.status_code == 409
    assert "twice already" in see(answer).h1


def test_what_was_cancelled_says_by_whom_and_when(hers, row, evening):
    row.status = "cancelled"
    db.session.commit()

    answer = hers.get(f"/appointments/{row.ref}/move")

    assert answer.status_code == 409
    assert see(answer).link("Book again") == "/doctors/rokeya-begum"


def test_the_desk_moves_and_the_patient_reads_who_did(desk, hers, row, evening, later):
    page = see(desk.get(f"/appointments/{row.ref}/move?day={later.local_date.isoformat()}"))
    assert "The patient is texted after a minute." in page

    ticket = see(send(desk, page, f"place-{later.id}", number=5))

    assert "Moved: it is serial 5 now" in ticket.alert
    assert ticket.form("undo")
    hers_ticket = look(hers, row)
    assert "Nasrin Akter at the front desk changed the time on" in hers_ticket
    assert "undo" not in [form.id for form in hers_ticket.forms]
    assert see(send(desk, ticket, "undo")).alert.startswith("Undone.")
    assert place(row) == (evening.sitting.id, 12)


def test_the_lead_time_does_not_bind_the_desk(desk, hers, row, evening):
    make.sitting(evening.chamber, days=0, start=30, starts_at=NOW + HOUR / 3, capacity=3)
    make.sitting(evening.chamber, days=2)

    assert len(look(hers, row, "move").select("a[id^=day-]")) == 2
    assert len(look(desk, row, "move").select("a[id^=day-]")) == 3


def test_a_lost_old_place_offers_the_nearest_to_it(hers, row, evening, bob):
    ticket = see(send(hers, look(hers, row, "move"), f"place-{evening.sitting.id}", number=5))
    make.appointment(evening.sitting, number=12, of=bob.patients[0])

    answer = send(hers, ticket, "undo")

    page = see(answer)
    assert answer.status_code == 409
    assert "Nothing was moved: it is still serial 5" in page
    assert {"11", "13"} < set(form_of(page, evening.sitting).choices("number"))


def test_the_move_and_what_the_desk_read_are_audited(desk, row, evening, nasrin):
    send(desk, look(desk, row, "move"), f"place-{evening.sitting.id}", number=5)

    entries = db.session.scalars(db.select(AuditEntry).order_by(AuditEntry.id)).all()
    told = [(entry.act, entry.person_id, entry.row_id) for entry in entries]
    assert ("read", nasrin.id, row.id) in told
    assert ("move", nasrin.id, row.id) in told


def test_a_doctor_who_is_the_patient_moves_as_the_patient(client, evening):
    rokeya = db.session.get(make.Person, evening.doctor.person_id)
    row = make.appointment(evening.sitting, of=make.patient(rokeya, "Rokeya Begum", 44, oneself=True))
    hers = make.sign_in(client, rokeya)

    send(hers, look(hers, row, "move"), f"place-{evening.sitting.id}", number=5)

    again = db.session.get(Appointment, row.id)
    assert (life.last_event(again).side, again.patient_moves) == ("patient", 1)


def test_the_page_is_not_there_for_others(other, bob, row):
    make.sign_in(other, bob)

    assert other.get(f"/appointments/{row.ref}/move").status_code == 404


def test_the_page_reads_in_bangla(hers, row, evening):
    hers.set_cookie("lang", "bn")

    page = look(hers, row, "move")

    assert "১২" in page.h1
    assert form_of(page, evening.sitting)


def test_my_bookings_lead_to_change_and_cancel(hers, row):
    page = see(hers.get("/appointments"))

    assert page.link("Change – serial 12") == f"/appointments/{row.ref}/move"
    assert page.link("Cancel – serial 12") == f"/appointments/{row.ref}/cancellation"
