"""Who saw one's own and one's family's records, said in words."""

import pytest
from sqlalchemy import update

from doctapp.accounts.models import Person
from doctapp.audit.recording import record
from doctapp.db import db, transaction
from tests import make
from tests.people import HOUR, MINUTE, NOW
from tests.see import see
from tests.statements import counted

PAGE = "/account/access"


@pytest.fixture
def hers(client, alice):
    """Alice's browser."""
    return make.sign_in(client, alice)


@pytest.fixture
def visit(alice, evening):
    """Alice's own appointment."""
    return make.appointment(evening.sitting, of=alice.patients[0])


def write(act="read", *, row=None, by=None, side="doctor", clinic=None, patient=None, at=NOW, kind="appointment"):
    with transaction():
        record(
            act,
            kind=kind,
            row_id=row.id if row else 1,
            person_id=by.id if by else None,
            side=side,
            clinic_id=clinic.id if clinic else None,
            patient_id=patient.id if patient else None,
            now=at,
        )


def rokeya(evening):
    return db.session.get(Person, evening.doctor.person_id)


def lines(page):
    return [" ".join(li.get_text(" ").split()) for li in page.select("#entries li")]


def test_it_says_what_is_written_down_and_that_there_is_nothing_yet(hers):
    page = see(hers.get(PAGE))

    assert page.h1 == "Who saw your records"
    assert "it is written down here" in page
    assert "Nobody but you so far" in page


def test_a_doctors_reading_is_said_with_name_clinic_patient_and_ticket(hers, alice, evening, visit):
    write(row=visit, by=rokeya(evening), clinic=evening.clinic, patient=alice.patients[0])

    page = see(hers.get(PAGE))

    assert page.link(visit.ref) == f"/appointments/{visit.ref}"
    (line,) = lines(page)
    assert line.startswith("Dr Rokeya Begum")
    assert line.endswith(f"Read the appointment {visit.ref} Doctor, Gomoti Hospital · About Alice Akter")


def test_the_desk_an_admin_and_time_are_told_apart(hers, alice, evening, visit, nasrin, admin):
    patient = alice.patients[0]
    write(row=visit, by=nasrin, side="staff", clinic=evening.clinic, patient=patient, at=NOW)
    write(row=visit, by=admin, side="admin", patient=patient, at=NOW + MINUTE)
    write("lapse", row=visit, side="time", patient=patient, at=NOW + 2 * MINUTE)
    write("accept", row=visit, by=rokeya(evening), side="clinic", clinic=evening.clinic, patient=patient, at=NOW + HOUR)

    accepted, lapsed, office, front = lines(see(hers.get(PAGE)))

    assert accepted.startswith("Dr Rokeya Begum") and "Accepted the request" in accepted and "Doctor," in accepted
    assert lapsed.startswith("DoctApp, by itself") and "nobody answered" in lapsed
    assert office.startswith("Admin") and "DoctApp’s office" in office
    assert front.startswith("Nasrin Akter") and "Front desk, Gomoti Hospital" in front


def test_ones_own_acts_are_left_out_also_those_of_a_joined_account(hers, alice, bob, visit):
    write("request", row=visit, by=alice, side="patient", patient=alice.patients[0])
    write("cancel", row=visit, by=bob, side="patient", patient=alice.patients[0])
    db.session.execute(update(Person).where(Person.id == bob.id).values(joined_into_id=alice.id))
    db.session.commit()

    assert lines(see(hers.get(PAGE))) == []


def test_only_ones_own_family_is_shown(hers, alice, bob, evening, visit):
    write(row=visit, by=rokeya(evening), patient=bob.patients[0])

    page = see(hers.get(PAGE))

    assert lines(page) == []
    assert "Bob" not in page


def test_a_relative_is_shown_and_can_be_chosen_also_after_being_taken_off_the_list(hers, alice, evening, visit):
    mother = make.patient(alice, "Rahima Khatun", 58, hidden_at=NOW)
    write(row=visit, by=rokeya(evening), patient=alice.patients[0])
    write(row=visit, by=rokeya(evening), patient=mother, at=NOW + MINUTE)

    page = see(hers.get(PAGE))
    only = see(hers.get(page.link("Rahima Khatun")))

    assert [line.rpartition("About ")[2] for line in lines(page)] == ["Rahima Khatun", "Alice Akter"]
    assert [line.rpartition("About ")[2] for line in lines(only)] == ["Rahima Khatun"]
    assert only.select("ul.chips a[aria-current=page]")[0].get_text() == "Rahima Khatun"


@pytest.mark.parametrize("given", ["999999", "nonsense", "১২", "-1", "9" * 20])
def test_who_is_not_of_the_family_is_not_found(hers, given):
    assert hers.get(f"{PAGE}?patient={given}").status_code == 404


def test_anothers_patient_is_as_unknown_as_one_that_is_not_there(hers, bob):
    anothers, unknown = (hers.get(f"{PAGE}?patient={given}") for given in (bob.patients[0].id, 999999))

    assert anothers.status_code == 404
    assert see(anothers).h1 == see(unknown).h1


def test_older_ones_are_on_further_pages(hers, alice, evening, visit):
    for number in range(25):
        write(row=visit, by=rokeya(evening), patient=alice.patients[0], at=NOW + number * MINUTE)

    first = see(hers.get(PAGE))
    second = see(hers.get(first.link("Earlier")))

    assert (len(lines(first)), len(lines(second))) == (20, 5)
    assert second.link("Newer").startswith(PAGE)
    assert "Nothing more here" in see(hers.get(f"{PAGE}?page=9"))


def test_htmx_gets_the_list_alone(hers):
    fragment = see(hers.get(PAGE, headers={"HX-Request": "true"}))

    assert fragment.select("#entries") and not fragment.select("h1")


def test_an_act_without_words_is_still_told(hers, alice, visit):
    write("something_new", row=visit, by=None, side="clinic", patient=alice.patients[0])

    assert "Changed something in the records" in see(hers.get(PAGE))


def test_somebody_who_was_not_signed_in_has_no_name(hers, alice, visit):
    write("ticket_look", row=visit, side="", patient=alice.patients[0])

    (line,) = lines(see(hers.get(PAGE)))
    assert line.startswith("Somebody") and "last digits" in line


def test_what_is_about_another_thing_than_an_appointment_has_no_ticket(hers, alice, visit, evening):
    write("edit_patient", kind="patient", row=visit, by=rokeya(evening), side="admin", patient=alice.patients[0])

    (line,) = lines(see(hers.get(PAGE)))
    assert visit.ref not in line


def test_it_costs_the_same_for_one_line_and_for_twenty(hers, alice, evening, visit, nasrin):
    write(row=visit, by=rokeya(evening), clinic=evening.clinic, patient=alice.patients[0])
    with counted() as one:
        hers.get(PAGE)
    for number in range(19):
        write(row=visit, by=nasrin, clinic=evening.clinic, patient=alice.patients[0], at=NOW + number * MINUTE)
    with counted() as twenty:
        hers.get(PAGE)

    assert len(one) == len(twenty)


def test_nobody_reads_it_without_signing_in_and_no_cache_keeps_it(client, alice):
    assert client.get(PAGE).headers["Location"].startswith("/login")
    assert make.sign_in(client, alice).get(PAGE).headers["Cache-Control"] == "no-store"


def test_it_reads_in_bangla(hers, alice, evening, visit):
    write(row=visit, by=rokeya(evening), clinic=evening.clinic, patient=alice.patients[0])
    hers.set_cookie("lang", "bn")

    page = see(hers.get(PAGE))

    assert "রোকেয়া বেগম" in page and "গোমতী হাসপাতাল" in page
    assert visit.ref in page
