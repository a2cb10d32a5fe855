"""What is typed wrong is said beside its field, and nothing typed is lost."""

import pytest
from sqlalchemy import select

from doctapp.accounts.models import Code
from doctapp.appointments.models import Appointment
from doctapp.db import db
from doctapp.digits import bangla
from tests import make
from tests.appointments.steps import answer, prove, send, take
from tests.see import see
from tests.web.sending import count, post, typed_answers


def test_everything_wrong_is_said_beside_the_field_and_in_the_summary(client, evening):
    row = take(client, evening.sitting)
    wrong = {"name": "x", "age": "121", "sex": "", "phone": "0171", "reason": "অ" * 201, "visit": "report"}

    page = answer(client, row, **wrong)

    fields = page.form("patient").fields
    assert page.code == 422
    assert page.errors == [
        "Enter the name, as the doctor should call it out",
        "Enter the age in years, from 0 to 120",
        "Choose female, male or other",
        "Enter a mobile number with 11 digits, like 01712 345678",
        "Write at most 200 letters",
    ]
    assert {name: fields[name] for name in wrong} == wrong
    for name in ("name", "age", "sex", "phone", "reason"):
        box = page.select(f"[name={name}]")[0]
        assert box["aria-invalid"] == "true" and page.select(f"#{box['id']}-e")


LONG_AND_STRANGE = ["x" * 5000, "<script>alert(1)</script>", "'; DROP TABLE person; --", "😀" * 300, "-1"]


def test_no_value_of_any_field_breaks_the_form(client, evening):
    row = take(client, evening.sitting)
    for name in ("name", "age", "sex", "phone", "visit", "who"):
        for value in LONG_AND_STRANGE:
            is_name = name == "name" and value[0] in "<'"
            fields = typed_answers(**{name: value, "age": "?" if is_name else typed_answers(**{name: value})["age"]})

            answered = post(client, f"/appointments/{row.ref}/patient", **fields)

            assert answered.status_code == 422, (name, value)
            assert "<script>alert" not in answered.text


def test_what_looks_like_html_is_shown_as_it_was_typed(client, evening):
    row = take(client, evening.sitting)

    page = answer(client, row, name="<b>Momena</b>", age="x", reason="</textarea><script>alert(1)</script>")

    fields = page.form("patient").fields
    assert (fields["name"], fields["reason"]) == ("<b>Momena</b>", "</textarea><script>alert(1)</script>")


def test_no_value_signs_in_or_breaks_the_page(client):
    for value in ("", "x" * 255, "x" * 5000, "ß" * 250 + "@x.test", "a@b", "@", "😀"):
        assert "errsum" in post(client, "/login/codes", phone=value).text, value
    for value in ("", "x" * 255, "ß" * 254, "1'; --"):
        response = post(client, "/login", email=value, password="x")

        assert response.status_code == 422, value
        assert "errsum" in response.text


def test_a_name_whose_letters_grow_when_they_are_compared_is_kept_whole(client, evening):
    row = take(client, evening.sitting)
    page = prove(client, answer(client, row, name="ß" * 120))

    send(client, page, "payment")

    assert db.session.get(Appointment, row.id).patient.name == "ß" * 120


def test_200_letters_over_several_lines_are_200_letters(client, evening):
    row = take(client, evening.sitting)
    reason = ("x" * 19 + "\r\n") * 9 + "y" * 20

    page = answer(client, row, reason=reason)

    assert page.h1 == "Enter the code we texted you"
    assert db.session.get(Appointment, row.id).reason == reason.replace("\r\n", "\n")


def test_short_and_long_names_of_people_are_names(client, evening):
    row = take(client, evening.sitting)
    names = ["Oi", "ঔষ", "ইমু", "Li Po", "Md. Abdul-Karim (Babu)", "O'Neil", "José", "ড. রহিম"]

    for name in names:
        response = post(client, f"/appointments/{row.ref}/patient", **typed_answers(name=name, age="?"))

        assert "Enter the name" not in response.text, name
        assert response.status_code == 422


@pytest.mark.parametrize("phone", ["+880 1712-345678", "8801712345678", "০১৭১২ ৩৪৫৬৭৮"])
def test_a_phone_is_taken_as_people_type_it_and_shown_so(client, evening, phone):
    row = take(client, evening.sitting)

    page = answer(client, row, phone=phone)

    assert f"We sent five digits to {phone}." in page
    assert db.session.scalar(select(Code.address)) == "+8801712345678"


def test_what_is_no_mobile_number_is_refused(client, evening):
    row = take(client, evening.sitting)

    for phone in ("017123456", "0171234567890", "x@b.01712345678", "tel:01712345678", "999", ""):
        response = post(client, f"/appointments/{row.ref}/patient", **typed_answers(phone=phone))

        assert "Enter a mobile number with 11 digits, like 01712 345678" in response.text, phone
    assert count(Code) == 0


def test_an_age_is_taken_in_either_digits_from_0_to_120(client, evening, alice):
    make.sign_in(client, alice)
    row = take(client, evening.sitting)

    for age, kept in (("0", 0), ("120", 120), ("৫৮", 58), (" 7 ", 7), ("০", 0)):
        assert post(client, f"/appointments/{row.ref}/patient", **typed_answers(age=age)).status_code == 303
        assert db.session.get(Appointment, row.id).typed_age == kept


def test_an_age_that_is_none_is_refused_and_shown_again(client, evening):
    row = take(client, evening.sitting)

    for age in ("121", "-1", "5.5", "9" * 5000, "fifty", "", "1e2", "NaN", "0x10", "১২১"):
        response = post(client, f"/appointments/{row.ref}/patient", **typed_answers(age=age))

        assert "Enter the age in years, from 0 to 120" in response.text, age
        assert f'name="age" type="text" value="{age}"' in response.text


def test_numbers_of_places_may_be_in_bangla_digits(client, evening):
    fields = {"sitting": bangla(evening.sitting.id), "number": "৩"}

    client.post("/appointments?again=1", data=fields)

    assert db.session.scalar(select(Appointment.number)) == 3


def test_dates_and_page_numbers_may_be_in_bangla_digits(client, evening):
    day = evening.sitting.local_date.isoformat()

    found = see(client.get(f"/doctors?day={bangla(day)}&page=১"))
    shown = see(client.get(f"/doctors/rokeya-begum?day={bangla(day)}&sitting={bangla(evening.sitting.id)}&number=১২"))

    assert found.form("search").fields["day"] == day
    assert shown.form(f"place-{evening.sitting.id}").fields["number"] == "12"


def test_no_number_of_no_sitting_is_ever_taken(client, evening):
    numbers = ["0", "-1", "25", "10000", "10001", "2147483648", "9" * 40, "9" * 5000, "x", "", "1.5", "1e1", "None"]
    for sitting in (evening.sitting.id, "0", "-1", "2147483647", "99999999999999999999", "x", ""):
        for number in numbers:
            answered = client.post("/appointments?again=1", data={"sitting": sitting, "number": number})

            assert answered.status_code in {409, 422}, (sitting, number)
    assert count(Appointment) == 0
