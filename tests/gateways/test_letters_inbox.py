"""The inbox of demo mode."""

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from doctapp.gateways import letters_inbox
from tests.see import see


def keep(app: Flask, **given: str) -> None:
    letter = {"channel": "sms", "to": "+8801711111111", "subject": "", "text": "12345 is your code"} | given
    letters_inbox.keep(app.config["SETTINGS"], **letter)


def test_the_inbox_shows_every_letter_newest_first(app: Flask, client: FlaskClient) -> None:
    keep(app)
    keep(
        app,
        channel="mail",
        to="alice@example.org",
        subject="Booked",
        text="Serial 12\nhttp://localhost/appointments/KQ7",
    )
    page = see(client.get("/sandbox/letters"))
    mail, sms = page.select("#inbox > li")

    assert "Booked" in mail.get_text()
    assert mail.select_one("a[href='http://localhost/appointments/KQ7']")
    assert "12345 is your code" in sms.get_text()


def test_the_inbox_of_one_phone(app: Flask, client: FlaskClient) -> None:
    keep(app)
    keep(app, to="+8801722222222", text="another")
    page = see(client.get("/sandbox/letters?to=01711-111111"))

    assert len(page.select("#inbox > li")) == 1
    assert page.form("letters").fields == {"to": "01711-111111"}


def test_what_a_letter_says_is_text(app: Flask, client: FlaskClient) -> None:
    keep(app, text="<script>alert(1)</script>")

    assert see(client.get("/sandbox/letters")).select("#inbox script") == []


def test_an_empty_inbox_says_so(client: FlaskClient) -> None:
    assert "No letters yet" in see(client.get("/sandbox/letters")).text


def test_there_is_no_inbox_in_production(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], mode="production"))

    assert client.get("/sandbox/letters").status_code == 404
