"""What letters and notices say: every kind, in both languages, each SMS in one segment."""

import re
from datetime import datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from flask_babel import force_locale

from doctapp.appointments import telling as appointments_telling
from doctapp.clock import UTC
from doctapp.db import transaction
from doctapp.notifications import outbox, telling
from doctapp.notifications.segments import segments
from tests import make
from tests.people import HOUR, NOW
from tests.see import see

TEXTED = ("requested", "booked", "declined", "lapsed", "cancelled", "clinic_cancelled", "moved")
MAILED = (*TEXTED, "new_request", "reminder")
OTHERS = ("patient_moved", "desk_moved", "desk_cancelled", "desk_restored")
ENDED = ("no_show", "left", "completed")
NOTICED = (*MAILED, *ENDED, "patient_cancelled", "patient_restored", *OTHERS)
LANGUAGES = ("en", "bn")
REASON = "Cough for two weeks"
LONG = "Abul Kalam Mohammad Shamsuddin Chowdhury Bhuiyan Patwary Miah"
LONG_BN = "আবুল কালাম মোহাম্মদ শামসুদ্দিন চৌধুরী ভূঁইয়া পাটোয়ারী মিয়া"


@pytest.fixture
def facts(evening, alice):
    """What is said of Alice's serial 12 with Dr Rokeya."""
    row = make.appointment(evening.sitting, status="requested", of=alice.patients[0], reason=REASON)
    before = {"was_number": 5, "was_about_at": row.about_at - HOUR}
    return {**appointments_telling.facts(row), "why": "no_time", "state": "booked", **before}


def written(channel, kind, language, facts):
    """The parts of a letter."""
    return outbox._rendered(channel=channel, kind=kind, language=language, facts=facts)


def moved(facts, at):
    """The facts, for another moment."""
    return {
        **facts,
        "about_at": at,
        "was_about_at": at,
        "come_from": at - timedelta(minutes=20),
        "come_until": at - timedelta(minutes=5),
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", TEXTED)
def test_an_sms_is_one_segment_whoever_the_doctor_and_whatever_the_day(kind, language, facts):
    names = [
        ("Rokeya Begum", "রোকেয়া বেগম"),
        (LONG[:60], LONG_BN[:60]),
        ("Joseph D’Costa", "জোসেফ ডি’কস্তা"),
        ("রোকেয়া বেগম", ""),
    ]
    midnight = datetime(2026, 1, 1, 18, tzinfo=UTC)
    moments = [midnight + timedelta(days=day, hours=day % 24) for day in range(365)]
    texts = [
        written(
            "sms",
            kind,
            language,
            {**moved(facts, at), "number": 120, "was_number": 118, "doctor_en": en, "doctor_bn": bn},
        )["body"]
        for en, bn in names
        for at in moments
    ]

    assert {segments(text) for text in texts} == {1}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_moved_sms_names_the_old_and_the_new_time_in_one_segment(language, facts):
    before = facts["about_at"] - timedelta(days=1)
    for state in ("booked", "requested"):
        text = written("sms", "moved", language, {**facts, "was_about_at": before, "state": state})["body"]
        assert segments(text) == 1, text
        assert text.count("6:" if language == "en" else "৬:") == 2
    assert "wait for our SMS" in text or language == "bn"


@pytest.mark.parametrize("kind", TEXTED)
def test_an_english_sms_names_serial_reference_doctor_and_link(kind, facts):
    text = written("sms", kind, "en", facts)["body"]

    for words in ("erial 12", facts["ref"], "Dr Rokeya Begum", facts["url"]):
        assert words in text
    assert "Alice" not in text
    assert REASON not in text


def test_a_booked_sms_says_when_to_come(facts):
    assert "come by 6:30pm" in written("sms", "booked", "en", facts)["body"]
    assert "সন্ধ্যা ৬:৩০" in written("sms", "booked", "bn", facts)["body"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", MAILED)
def test_a_mail_says_what_when_where_and_what_next(kind, language, facts):
    parts = written("mail", kind, language, facts)
    number = "12" if language == "en" else "১২"
    html = BeautifulSoup(parts["html"], "html.parser")

    assert number in parts["subject"]
    for text in (parts["body"], html.get_text()):
        for words in (number, *(("Gomoti Hospital", "6:") if language == "en" else ("গোমতী হাসপাতাল", "৬:"))):
            assert words in text
    links = [link["href"] for link in html.select("a")]
    assert all(link in parts["body"] for link in links)
    assert links[0].startswith("http://localhost/")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", MAILED)
def test_no_mail_tells_the_problem_and_no_subject_a_name(kind, language, facts):
    parts = written("mail", kind, language, facts)

    assert REASON not in " ".join(parts.values())
    assert "Alice" not in parts["subject"]
    assert "Rokeya" not in parts["subject"]
    assert "রোকেয়া" not in parts["subject"]


@pytest.mark.parametrize("kind", ["new_request", "reminder"])
def test_the_doctors_mail_names_no_patient(kind, facts):
    parts = written("mail", kind, "en", facts)

    assert "Alice" not in " ".join(parts.values())


def test_names_are_escaped_in_mails_and_only_there(facts):
    parts = written("mail", "booked", "en", {**facts, "patient": "Rita D'Costa <b>"})

    assert "Rita D'Costa <b>" in parts["body"]
    assert "Rita D&#39;Costa &lt;b&gt;" in parts["html"]


def test_a_declined_mail_says_why(facts):
    said = {"no_time": "no time left", "other_specialist": "another specialist", "away": "is away", "": "can’t see you"}
    for why, sentence in said.items():
        assert sentence in written("mail", "declined", "en", {**facts, "why": why})["body"]


@pytest.mark.parametrize("kind", MAILED)
def test_a_bangla_mail_has_no_english_left(kind, facts):
    parts = written("mail", kind, "bn", {**facts, "patient": "মোমেনা বিবি"})
    words = BeautifulSoup(parts["html"], "html.parser").body.get_text(" ")

    for text in (parts["subject"], parts["body"], words):
        assert english_in(text, facts) == []


@pytest.mark.parametrize("kind", TEXTED)
def test_a_bangla_sms_has_no_english_left(kind, facts):
    assert english_in(written("sms", kind, "bn", facts)["body"], facts) == []


def english_in(text, facts):
    """The English words in a Bangla text, but for names of ours, links and the reference."""
    text = re.sub(r"https?://\S+", "", text).replace(facts["ref"], "")
    return [word for word in re.findall(r"[A-Za-z]{2,}", text) if word not in {"DoctApp", "SMS"}]


def tell(person, kind, facts):
    """A notice of this kind."""
    with transaction():
        kept = appointments_telling.kept(facts)
        telling.notify(person_id=person.id, kind=kind, cause=f"event:{kind}", link="/appointments", facts=kept, now=NOW)


@pytest.mark.parametrize("kind", NOTICED)
def test_a_notice_says_which_serial_and_when(kind, client, alice, facts):
    tell(alice, kind, facts)

    page = see(make.sign_in(client, alice).get("/notifications"))

    assert "serial 12" in page.text.lower()
    assert "about 6:50pm" in page
    assert REASON not in page
    assert ("Alice Akter" in page.text.replace("Alice Akter Sign", "")) == (kind in TEXTED + ENDED)


@pytest.mark.parametrize("kind", NOTICED)
def test_a_notice_reads_in_bangla(kind, client, alice, facts):
    tell(alice, kind, {**facts, "patient": "মোমেনা বিবি"})
    client.set_cookie("lang", "bn")

    page = see(make.sign_in(client, alice).get("/notifications"))

    notice = page.select("#notices li")[0].get_text(" ")
    assert "১২" in notice
    assert english_in(notice, facts) == []


def test_a_booked_notice_says_when_to_come(client, alice, facts):
    tell(alice, "booked", facts)

    assert "Come between 6:30pm and 6:45pm." in see(make.sign_in(client, alice).get("/notifications"))


def test_the_words_of_a_letter_follow_its_reader_and_not_the_page(facts):
    with force_locale("bn"):
        assert written("sms", "booked", "en", facts)["body"].startswith("Serial 12 is booked")


def test_a_time_is_said_in_the_clinics_zone(facts):
    at = datetime(2026, 11, 23, 20, 30, tzinfo=UTC) - HOUR

    assert "Tue 24 Nov" in written("mail", "booked", "en", moved(facts, at))["subject"]


# What an end means in money: (kind, what goes back, what stays paid, why).
MONEY = (
    *((kind, 70000, 0, "no_time") for kind in ("declined", "lapsed", "cancelled", "clinic_cancelled")),
    ("cancelled", 35000, 35000, ""),
    ("cancelled", 0, 70000, ""),
    ("booked", None, 70000, ""),
    *(("going_back", None, 0, why) for why in ("late", "twice", "flagged")),
    ("refunded", None, 0, ""),
)


def of_money(facts, goes_back, paid, why):
    """The facts, of an appointment of ৳ 700 that was paid for."""
    back = {} if goes_back is None else {"goes_back": goes_back}
    return {**facts, "paid": paid, "to_pay": 70000 - paid, "amount": 12_345_600, "why": why, **back}


@pytest.mark.parametrize(("kind", "goes_back", "paid", "why"), MONEY)
def test_an_sms_about_money_is_one_segment_and_says_serial_and_reference(kind, goes_back, paid, why, facts):
    for name in ("Rokeya Begum", LONG[:60], "Joseph D’Costa", "রোকেয়া বেগম"):
        said = {**of_money(facts, goes_back, paid, why), "number": 120, "doctor_en": name}

        text = written("sms", kind, "en", said)["body"]

        assert segments(text) == 1, text
        assert "erial 120" in text and facts["ref"] in text


@pytest.mark.parametrize(("kind", "goes_back", "paid", "why"), MONEY[:6])
def test_who_has_paid_is_never_told_that_they_pay_nothing(kind, goes_back, paid, why, client, alice, facts):
    said = of_money(facts, goes_back, paid, why)
    tell(alice, kind, said)

    notice = see(make.sign_in(client, alice).get("/notifications")).select("#notices li")[0].get_text(" ")
    mail = written("mail", kind, "en", said)
    told = f"{goes_back // 100} go back" if goes_back else "nothing goes back"
    for text in (notice, written("sms", kind, "en", said)["body"], mail["body"], mail["html"]):
        assert told in text
        assert "pay nothing" not in text


def test_a_booked_mail_says_what_is_left_to_pay(facts):
    assert "You pay at the chamber." in written("mail", "booked", "en", facts)["body"]
    advance, whole = of_money(facts, None, 10000, ""), of_money(facts, None, 70000, "")
    assert (
        "You paid ৳\u00a0100; the rest, ৳\u00a0600, you pay at the chamber."
        in written("mail", "booked", "en", advance)["body"]
    )
    assert "You paid ৳\u00a0700; nothing is left to pay." in written("mail", "booked", "en", whole)["body"]


@pytest.mark.parametrize("kind", ["going_back", "refunded"])
def test_a_notice_about_money_names_the_amount(kind, client, alice, facts):
    tell(alice, kind, {**of_money(facts, None, 0, "late"), "amount": 70000})

    assert "৳ 700" in see(make.sign_in(client, alice).get("/notifications"))
