"""The code that was sent to the phone."""

from sqlalchemy import func, select

from doctapp.accounts.models import Code
from doctapp.db import db
from tests.appointments.steps import PHONE, answer, code_sent, look, prove, send, take
from tests.see import see


def asked(client, evening, **values):
    row = take(client, evening.sitting)
    return row, answer(client, row, **values)


def test_the_phone_is_shown_as_it_was_typed(client, evening):
    _, page = asked(client, evening, phone="+880 1712-345678")

    assert page.h1 == "Enter the code we texted you"
    assert "We sent five digits to +880 1712-345678." in page
    assert page.form("resend").fields["phone"] == "+880 1712-345678"


def test_the_field_takes_digits_and_the_phone_may_fill_it_in(client, evening):
    _, page = asked(client, evening)

    box = page.select("#code-field")[0]
    assert (box["name"], box["inputmode"], box["autocomplete"]) == ("code", "numeric", "one-time-code")


def test_looking_sends_nothing(client, evening):
    row, _ = asked(client, evening)

    look(client, row, "code")

    assert db.session.scalar(select(func.count()).select_from(Code)) == 1


def test_the_right_code_leads_on(client, evening):
    _, page = asked(client, evening)

    assert prove(client, page).h1 == "Book for Momena Bibi"


def test_a_wrong_code_is_said_beside_the_field(client, evening):
    _, page = asked(client, evening)
    wrong = f"{(int(code_sent()) + 1) % 100_000:05}"

    page = see(send(client, page, "code", code=wrong))

    assert page.title.startswith("Error: ")
    assert page.errors == ["That is not the code we sent. Check the newest SMS and type its five digits."]
    assert page.link("That is not the code") == "#code-field"


def test_no_code_at_all_is_asked_for(client, evening):
    _, page = asked(client, evening)

    page = see(send(client, page, "code", code=""))

    assert page.code == 422
    assert page.errors == ["Type the five digits of the code"]


def test_a_corrected_number_gets_a_code_and_is_shown(client, evening):
    _, page = asked(client, evening)

    page = see(send(client, page, "resend", phone="01811 222333"))

    assert "We sent a new code" in page.alert
    assert "We sent five digits to 01811 222333." in page


def test_asking_again_within_a_minute_is_refused_by_name(client, evening):
    _, page = asked(client, evening)

    page = see(send(client, page, "resend"))

    assert page.code == 429
    assert page.errors == ["We just sent a code. Wait a minute before you ask for another."]


def test_a_number_that_is_none_is_refused_beside_its_field(client, evening):
    _, page = asked(client, evening)

    page = see(send(client, page, "resend", phone="12"))

    assert page.code == 422
    assert page.link("Enter a mobile number") == "#resend-phone"
    assert page.form("resend").fields["phone"] == "12"


def test_the_chamber_can_be_called_instead(client, evening):
    _, page = asked(client, evening)

    assert page.link(evening.clinic.phone) == f"tel:{evening.clinic.phone}"


def test_more_time_comes_back_to_this_page(client, evening):
    _, page = asked(client, evening)

    page = see(send(client, page, "extension"))

    assert page.h1 == "Enter the code we texted you"
    assert PHONE in page
