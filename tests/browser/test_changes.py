"""Hours that change, and both sides that move and cancel, in browsers: the doctor at a desk, the patients on phones.

Every journey has a doctor of its own, so that exactly those are booked whom it names. Letters of the clinic's acts wait
a minute for an undo and are read elsewhere; here the notices are, and the SMS that go out at once.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from tests.browser.conftest import Products, Visitors
from tests.browser.practice import Booked, Practice
from tests.browser.rows import Rows
from tests.browser.visitor import Visitor
from tests.product import Product, until

WAYS = {
    "sqlite-bn-scripts": ("sqlite", "bn", True),
    "sqlite-bn-no-scripts": ("sqlite", "bn", False),
    "sqlite-en-scripts": ("sqlite", "en", True),
    "sqlite-en-no-scripts": ("sqlite", "en", False),
    "postgresql-bn-scripts": ("postgresql", "bn", True),
}
# Each language and each manner once is enough for what the other journeys have walked through already.
IN_BRIEF = pytest.mark.parametrize("scene", ["sqlite-bn-no-scripts", "sqlite-en-scripts"], indirect=True)
CONFLICT = "was answered 409"


@dataclass
class Scene:
    """One doctor's practice, and how people come to look at it."""

    product: Product
    practice: Practice
    scripts: bool
    visitor_of: Visitors

    def person(self, booked: Booked | None = None, **how: object) -> Visitor:
        """Somebody on a phone: who is booked, signed in, or somebody new."""
        language, cookies = self.practice.language, booked.cookies if booked else None
        return self.visitor_of(self.product, language=language, scripts=self.scripts, cookies=cookies, **how)

    def doctor(self, lands: str) -> Visitor:
        """The doctor at a desk, signed in, at this page."""
        how = {"language": self.practice.language, "scripts": self.scripts, "device": "desktop"}
        return self.visitor_of(self.product, cookies=self.practice.cookies(), **how).get(lands)


@pytest.fixture(params=WAYS)
def scene(request: pytest.FixtureRequest, products: Products, visitor_of: Visitors) -> Scene:
    database, language, scripts = WAYS[request.param]
    product = products(database)
    return Scene(product, Practice(Rows(product), language), scripts, visitor_of)


# The doctor changes Tuesday


def test_a_doctor_who_changes_tuesday_sees_two_in_the_way_and_settles_both(scene: Scene) -> None:
    early, next_one, late = (scene.practice.book(number) for number in (3, 5, 20))
    doctor = scene.doctor("/doctor/schedule").forgive(CONFLICT)

    begins_at_six(doctor, scene.practice)
    these_are_in_the_way(doctor, scene.practice, [early, next_one])
    the_doctor_moves(doctor, scene.practice, early, 15)
    begins_at_six(doctor.get("/doctor/schedule"), scene.practice)
    these_are_in_the_way(doctor, scene.practice, [next_one])
    the_doctor_cancels(doctor, scene.practice, next_one)
    begins_at_six(doctor.get("/doctor/schedule"), scene.practice)
    these_are_in_the_way(doctor, scene.practice, [])
    doctor.swap("keep").form("keep").wait_for(state="detached")

    assert at_six(doctor) in doctor.page.locator(scene.practice.row).inner_text()
    is_told(scene, early, "Your time has changed: it is serial %(number)s now", 15)
    is_told(scene, next_one, "Serial %(number)s was cancelled for you", 5)
    assert scene.person(late).get("/notifications").page.locator("#notices li").count() == 0
    assert scene.person(late).get(f"/appointments/{late.ref}").state == doctor.said("Booked")


def begins_at_six(doctor: Visitor, practice: Practice) -> None:
    """Open the row of Tuesday, let it begin an hour later, and save."""
    link = doctor.page.locator(f"{practice.row} a[hx-get]").first
    if doctor.scripts:
        link.click()
        doctor.page.locator(f"{practice.row} form#hours").wait_for()
    else:
        doctor.click(link)
    doctor.swap("hours", start="6pm", capacity=18).form("keep").wait_for()


def these_are_in_the_way(doctor: Visitor, practice: Practice, booked: list[Booked]) -> None:
    """Nothing is saved yet, and who falls outside is named; whom nothing happens to is marked."""
    row = doctor.page.locator(practice.row)
    outside = row.locator("li li").filter(has_not_text=doctor.said("fits the new hours"))
    assert (
        doctor.said("Nothing was changed yet. Your new hours: %(hours)s.", hours="").rstrip(" .।") in row.inner_text()
    )
    assert [one.name in outside.nth(n).inner_text() for n, one in enumerate(booked)] == [True] * len(booked)
    assert outside.count() == len(booked)
    assert doctor.digits(len(booked)) in row.locator("[role=alert]").inner_text()


def the_doctor_moves(doctor: Visitor, practice: Practice, booked: Booked, number: int) -> None:
    """From the list to another serial of the same sitting."""
    doctor.click(f'{practice.row} a[href="/appointments/{booked.ref}/move"]')
    assert booked.name in doctor.words
    move_to(doctor, practice.sittings[0], number)
    assert f"{doctor.digits(number)}" in doctor.page.locator("#moved [role=alert]").inner_text()


def the_doctor_cancels(doctor: Visitor, practice: Practice, booked: Booked) -> None:
    """From the list, with a reason."""
    doctor.click(f'{practice.row} a[href="/appointments/{booked.ref}/cancellation"]')
    doctor.submit("cancellation", reason="emergency")
    assert doctor.state == doctor.said("Cancelled")
    assert doctor.said("The doctor is called to an emergency") in doctor.words


def move_to(visitor: Visitor, sitting_id: int, number: int) -> None:
    """Choose a serial on the page of a move, and move there; with scripts the button then says where to."""
    choice = visitor.form(f"place-{sitting_id}").locator(f'[name=number][value="{number}"]')
    choice.check()
    if visitor.scripts:
        visitor.page.locator(f"#change-{sitting_id} [data-announce]").wait_for()
        assert visitor.digits(number) in visitor.page.locator(f"#change-{sitting_id} button").inner_text()
    visitor.submit(f"place-{sitting_id}")


def is_told(scene: Scene, booked: Booked, words: str, number: int) -> None:
    """In the alerts, once."""
    patient = scene.person(booked).get("/notifications")
    told = patient.page.locator(f'#notices a[href="/appointments/{booked.ref}"]')
    assert told.count() == 1
    assert patient.said(words, number=patient.digits(number)) in told.inner_text()


def at_six(visitor: Visitor) -> str:
    """How six in the evening is written."""
    return "৬:০০" if visitor.language == "bn" else "6:00pm"


# The patient moves, cancels, and takes it back


def test_a_patient_moves_then_cancels_then_takes_it_back(scene: Scene) -> None:
    practice, booked = scene.practice, scene.practice.book(3)
    patient = scene.person(booked).get(f"/appointments/{booked.ref}")

    the_patient_moves_a_week_on(patient, practice, 7)
    somebody_takes(scene, 3)
    patient.click(f'a[href="/appointments/{booked.ref}/cancellation"]').submit("cancellation", reason="better")
    assert patient.state == patient.said("Cancelled")
    assert is_free(scene, 7, week=1)
    patient.submit("undo")

    assert patient.state == patient.said("Booked")
    assert patient.digits(7) in patient.h1
    assert not is_free(scene, 7, week=1)


def the_patient_moves_a_week_on(patient: Visitor, practice: Practice, number: int) -> None:
    """From the ticket, over the strip of days, to a serial of the next sitting; the ticket says both."""
    patient.click(f'a[href="{patient.path}/move"]')
    day = patient.page.locator(f"#day-{practice.days[1].isoformat()}")
    day.click() if patient.scripts else patient.click(day)
    patient.form(f"place-{practice.sittings[1]}").wait_for()
    move_to(patient, practice.sittings[1], number)
    said = patient.page.locator("#moved").inner_text()
    assert patient.digits(number) in patient.h1
    assert patient.digits(number) in said
    assert patient.digits(3) in said


def somebody_takes(scene: Scene, number: int) -> None:
    """A number that was given up is there for another."""
    stranger = at_the_doctor(scene, week=0)
    form = f"place-{scene.practice.sittings[0]}"
    stranger.form(form).locator(f'[name=number][value="{number}"]').check()
    stranger.submit(form)
    assert stranger.path.endswith("/patient")
    assert stranger.digits(number) in stranger.page.locator("#hold").inner_text()


def is_free(scene: Scene, number: int, *, week: int) -> bool:
    """Whether anybody could take this number now."""
    places = at_the_doctor(scene, week=week).form(f"place-{scene.practice.sittings[week]}")
    return places.locator(f'[name=number][value="{number}"]').is_enabled()


def at_the_doctor(scene: Scene, *, week: int) -> Visitor:
    """A stranger who looks at a day of the doctor."""
    asked = f"?day={scene.practice.days[week].isoformat()}&sitting={scene.practice.sittings[week]}"
    return scene.person().get(f"{scene.practice.page}{asked}")


# A sitting is cancelled, and another begins late


def test_a_cancelled_sitting_is_told_to_all_and_a_late_one_shifts_the_time_to_come(scene: Scene) -> None:
    practice = scene.practice
    first, second, third = (practice.book(number) for number in (2, 4, 6))
    waiting = practice.book(5, week=1)
    patient = scene.person(second).get(f"/appointments/{second.ref}")
    doctor = scene.doctor("/doctor/sittings")

    the_sitting_is_cancelled(doctor, practice.sittings[0])
    for one in (first, second, third):
        scene.product.texts.wait_for(one.phone, one.ref)
        is_told(scene, one, "Serial %(number)s was cancelled for you", one.number)
    the_open_ticket_offers_the_next(patient, practice)
    doctor.get(f"/doctor/sittings/{practice.sittings[1]}").submit("lateness", minutes=40)

    assert [len(scene.product.texts.texts_to(one.phone)) for one in (first, second, third)] == [1, 1, 1]
    ticket = scene.person(waiting).get(f"/appointments/{waiting.ref}").page
    assert at_six(doctor) in ticket.locator("#late").inner_text()
    assert doctor.digits(40) in ticket.locator("#late").inner_text()


def the_sitting_is_cancelled(doctor: Visitor, sitting_id: int) -> None:
    """From the list of sittings, with a reason."""
    doctor.click(f'a[href="/doctor/sittings/{sitting_id}"]')
    doctor.page.locator("details", has=doctor.form("sitting-cancellation")).locator("summary").click()
    assert doctor.digits(3) in doctor.form("sitting-cancellation").locator("button").inner_text()
    doctor.submit("sitting-cancellation", reason="emergency")
    assert doctor.said("The sitting is cancelled.") in doctor.page.locator("[role=alert]").inner_text()


def the_open_ticket_offers_the_next(patient: Visitor, practice: Practice) -> None:
    """Loaded again it says that it is cancelled and why, and has the next serials as buttons."""
    until(lambda: patient.reload().state == patient.said("Cancelled"))
    assert patient.said("The doctor is called to an emergency") in patient.words
    button = patient.page.locator(f"#again form#place-{practice.sittings[1]} button").first
    patient.click(button)
    assert patient.path.endswith("/patient")


# Leave, and a day more


@IN_BRIEF
def test_leave_lists_who_is_booked_and_the_month_shows_it_and_an_extra_sitting(scene: Scene) -> None:
    practice, booked = scene.practice, [scene.practice.book(number) for number in (1, 2)]
    off, extra = practice.days[0], practice.days[0] + timedelta(days=2)
    doctor = scene.doctor("/doctor/leave").forgive(CONFLICT)

    doctor.submit("leave", **{"from": off.isoformat(), "reason": "Training"})
    assert doctor.digits(2) in doctor.h1
    assert all(one.name in doctor.words for one in booked)
    doctor.click("form#conflict button[value=cancel]")
    assert doctor.said("The leave is added.") in doctor.page.locator("[role=alert]").inner_text()
    doctor.get("/doctor/schedule/extras").submit("extra", day=extra.isoformat(), start="10am", end="12pm", minutes=10)

    assert doctor.said("The sitting is added.") in doctor.page.locator("[role=alert]").inner_text()
    assert doctor.said("Leave") in day_of_month(doctor, off)
    assert doctor.said("extra") in day_of_month(doctor, extra)
    for one in booked:
        scene.product.texts.wait_for(one.phone, one.ref)
        is_told(scene, one, "Serial %(number)s was cancelled for you", one.number)


def day_of_month(doctor: Visitor, day: date) -> str:
    """What the month says of this day."""
    doctor.get(f"/doctor/schedule/month?month={day:%Y-%m}")
    return doctor.page.locator("#month li:not(.off)").nth(day.day - 1).inner_text()


# A ticket in a browser that knows nobody


@IN_BRIEF
def test_the_reference_and_four_digits_show_the_name_and_let_cancel(scene: Scene) -> None:
    booked = scene.practice.book(3)
    stranger = scene.person().get(f"/appointments/{booked.ref}")
    assert booked.name not in stranger.words

    stranger.get("/ticket").submit("ticket", ref=booked.ref, digits=booked.phone[-4:])
    assert booked.name in stranger.words
    stranger.click(f'a[href="/appointments/{booked.ref}/cancellation"]').submit("cancellation", reason="time")

    assert stranger.state == stranger.said("Cancelled")
    assert is_free(scene, 3, week=0)
    assert booked.name not in scene.person().get(f"/appointments/{booked.ref}").words
