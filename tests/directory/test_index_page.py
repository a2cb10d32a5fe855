"""The search page: what people ask for, what they see, and what caches may keep."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from doctapp import clock
from doctapp.digits import bangla
from tests import make
from tests.people import NOW
from tests.see import see

HTMX = {"HX-Request": "true"}
TODAY = clock.local(NOW, "Asia/Dhaka").date()
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def town(app):
    """Two doctors in two districts, both sitting tomorrow."""
    heart = make.specialty("heart", name_en="Heart", words="chest pain;বুকে ব্যথা")
    cumilla = make.area("cumilla", name_en="Cumilla")
    kandirpar = make.area("kandirpar", "area", cumilla, name_en="Kandirpar")
    dhaka = make.area("dhaka", name_en="Dhaka")
    rokeya = make.doctor(slug="rokeya-begum")
    anisur = make.doctor(
        "Anisur Rahman", name_bn="আনিসুর রহমান", slug="anisur-rahman", specialties=[heart], rating_tenths=48
    )
    make.sitting(make.chamber(rokeya, make.clinic(name_en="Gomoti Hospital", area=kandirpar)))
    make.sitting(make.chamber(anisur, make.clinic(name_en="Lake Hospital", area=dhaka), fee_new=100000))
    return {"rokeya": rokeya, "anisur": anisur}


def cards(page) -> list[str]:
    return [tag.get_text(" ", strip=True) for tag in page.select("#doctors .doc h3")]


def test_all_doctors_are_listed_with_place_fee_rating_and_the_next_two_serials(client, town):
    page = see(client.get("/doctors"))

    assert page.status.startswith("2 doctors")
    assert cards(page) == ["Dr Anisur Rahman", "Dr Rokeya Begum"]
    card = page.select("#doctor-rokeya-begum")[0].get_text(" ", strip=True)
    assert "Gomoti Hospital" in card and "Kandirpar, Cumilla" in card and "৳\u00a0700" in card and "4.7" in card
    assert "serial 1" in card and "serial 2" in card


def test_a_free_serial_leads_to_the_doctors_page_with_that_place(client, town):
    href = see(client.get("/doctors?q=rokeya")).link("serial 2")

    asked = parse_qs(urlsplit(href).query)
    assert urlsplit(href).path == "/doctors/rokeya-begum"
    assert asked["number"] == ["2"] and asked["day"] == [TOMORROW.isoformat()] and "sitting" in asked


def test_the_search_form_keeps_what_was_asked(client, town):
    query = f"/doctors?q=chest+pain&specialty=heart&area=dhaka&day={TOMORROW}"
    form = see(client.get(query)).form("search")

    assert (form.method, form.action) == ("get", "/doctors")
    assert form.fields == {"q": "chest pain", "specialty": "heart", "area": "dhaka", "day": TOMORROW.isoformat()}


def test_only_areas_with_a_clinic_are_offered(client, town):
    make.area("bandarban")

    assert set(see(client.get("/doctors")).form("search").choices("area")) == {"", "cumilla", "kandirpar", "dhaka"}


def test_the_filters_work_together(client, town):
    assert cards(see(client.get("/doctors?area=cumilla"))) == ["Dr Rokeya Begum"]
    assert cards(see(client.get("/doctors?specialty=heart&area=cumilla"))) == []
    assert cards(see(client.get(f"/doctors?q=আনিসুর&day={TOMORROW}"))) == ["Dr Anisur Rahman"]


def test_a_day_may_be_written_in_bangla_digits(client, town):
    page = see(client.get(f"/doctors?day={bangla(TOMORROW)}"))

    assert page.form("search").fields["day"] == TOMORROW.isoformat()


@pytest.mark.parametrize(
    "query",
    ["area=nowhere", "area=%00", "area=../x", "specialty=none", "day=2026-99-99", "day=yesterday", "day=1999-01-01",
     "day=9999-12-31", "day=20261123"],
)  # fmt: skip
def test_what_is_not_understood_counts_as_any_and_is_said(client, town, query):
    page = see(client.get(f"/doctors?{query}"))

    assert page.code == 200
    assert len(cards(page)) == 2
    assert "shown." in page


@pytest.mark.parametrize(
    "query", ["page=x", "page=-1", "page=0", "page=99999", "page=%E0%A7%A7", "sort=price", "q=%00"]
)
def test_nothing_in_the_address_breaks_the_page(client, town, query):
    assert len(cards(see(client.get(f"/doctors?{query}")))) == 2


def test_broken_letters_and_long_queries_are_read_as_far_as_they_go(client, town):
    assert client.get("/doctors?q=%FF%FE").status_code == 200
    assert client.get("/doctors?q=" + "অ" * 3000).status_code == 200


def test_a_known_area_without_clinics_finds_nobody_and_offers_all_areas(client, town):
    make.area("bandarban", name_en="Bandarban")

    page = see(client.get("/doctors?area=bandarban"))

    assert page.status.startswith("0 doctors") and "No doctor found" in page
    assert page.link("All areas") == "/doctors"
    assert page.link("09612-345678") == "tel:09612345678"


def test_an_empty_result_offers_to_take_each_filter_away(client, town):
    page = see(client.get(f"/doctors?q=xyz&specialty=heart&area=dhaka&day={TOMORROW}&sort=soonest"))

    assert "q=" not in page.link("Without “xyz”") and "area=dhaka" in page.link("Without “xyz”")
    assert "area=" not in page.link("All areas") and "day=" in page.link("All areas")
    assert "day=" not in page.link("Any day")
    assert "specialty=" not in page.link("All specialties")
    assert page.link("Clear all") == "/doctors"


def test_with_htmx_only_the_results_come(client, town):
    answer = client.get("/doctors?q=rokeya", headers=HTMX)

    page = see(answer)
    assert [tag["id"] for tag in page.soup.body.find_all(recursive=False)] == ["results"]
    assert "HX-Request" in answer.headers["Vary"]


def test_a_history_restore_gets_the_whole_page(client, town):
    page = see(client.get("/doctors", headers={**HTMX, "HX-History-Restore-Request": "true"}))

    assert page.h1 == "Find a doctor"


def test_the_sort_is_a_link_and_stays_with_the_form(client, town):
    page = see(client.get(see(client.get("/doctors")).link("soonest")))

    assert page.form("search").fields["sort"] == "soonest"
    assert page.link("best rated") == "/doctors"


def test_pages_are_numbered_links_that_also_load_more(client, app):
    for n in range(23):
        make.chamber(
            make.doctor(f"Doctor {n:02}", name_bn="ডাক্তার", slug=f"doctor-x{n:02}", rating_tenths=None, rating_count=0)
        )

    first = see(client.get("/doctors"))
    more = first.select("#more a.btn.full")[0]
    second = see(client.get(more["href"]))
    appended = see(client.get(more["hx-get"], headers=HTMX))

    assert "Show 3 more" in first and first.link("Page 2") == "/doctors?page=2"
    assert len(cards(first)) == 20 and len(cards(second)) == 3
    assert second.title.startswith("Find a doctor, Page 2 of 2")
    assert "21–23 of 23" in second
    assert not second.select("[autofocus]")
    assert appended.select("#doctor-doctor-x20 a[autofocus]")


def test_chest_pain_shows_whom_to_call_now(client, town):
    assert "Call 999 or go to the nearest hospital" in see(client.get("/doctors?q=chest pain"))
    assert "Call 999 or go" not in see(client.get("/doctors?q=rokeya"))


def test_a_visitors_page_may_be_kept_for_a_minute_and_carries_no_token_and_no_cookie(client, town):
    answer = client.get("/doctors")

    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert {"HX-Request", "Accept-Language", "Cookie"} <= set(answer.vary)
    assert "Set-Cookie" not in answer.headers
    assert b"csrf" not in answer.data and b"form_key" not in answer.data


def test_a_page_that_has_not_changed_is_not_sent_again(client, town):
    tag = client.get("/doctors").headers["ETag"]

    again = client.get("/doctors", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")

    make.hold(make.sitting(make.chamber(town["rokeya"])), number=1)
    assert client.get("/doctors", headers={"If-None-Match": tag}).status_code == 200


def test_who_is_signed_in_gets_a_page_that_nobody_keeps(client, town, alice):
    answer = make.sign_in(client, alice).get("/doctors")

    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


def test_the_page_speaks_bangla_with_its_digits(client, town):
    client.set_cookie("lang", "bn")

    page = see(client.get("/doctors?q=rokeya"))

    assert "রোকেয়া বেগম" in page and "৳ ৭০০" in page


def test_all_specialties_lead_to_their_doctors(client, town):
    page = see(client.get("/specialties"))

    assert page.link("Heart") == "/doctors?specialty=heart"
