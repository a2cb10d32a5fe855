"""Every endpoint wears one access rule, and the list of addresses is the one that outside clients know."""

from __future__ import annotations

import re
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def test_every_endpoint_wears_one_access_rule(app):
    bare = [name for name, view in app.view_functions.items() if not hasattr(view, "access")]

    assert bare == []


def test_the_addresses_are_those_that_clients_rely_on(app):
    addresses = {
        f"{method} {re.sub('<path:|<int:', '<', rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    assert addresses == {
        "GET /",
        "GET /help",
        "GET /healthz",
        "POST /language",
        "GET /specialties",
        "GET /doctors",
        "GET /doctors/<slug>",
        "GET /doctors/<slug>/places",
        "POST /appointments",
        "GET /appointments",
        "GET /appointments/<ref>",
        "GET /appointments/<ref>.ics",
        "GET /appointments/<ref>/patient",
        "POST /appointments/<ref>/patient",
        "GET /appointments/<ref>/code",
        "POST /appointments/<ref>/code",
        "POST /appointments/<ref>/codes",
        "GET /appointments/<ref>/payment",
        "POST /appointments/<ref>/payment",
        "POST /appointments/<ref>/extension",
        "GET /appointments/<ref>/person",
        "POST /appointments/<ref>/person",
        "GET /appointments/<ref>/cancellation",
        "POST /appointments/<ref>/cancellation",
        "GET /appointments/<ref>/move",
        "POST /appointments/<ref>/move",
        "POST /appointments/<ref>/undo",
        "POST /appointments/<ref>/outcome",
        "POST /appointments/<ref>/acceptance",
        "POST /appointments/<ref>/refusal",
        "GET /waiting",
        "POST /waiting",
        "GET /waiting/<token>",
        "POST /waiting/<token>",
        "POST /waiting/<token>/leaving",
        "GET /doctor/requests",
        "GET /doctor/schedule",
        "POST /doctor/schedule",
        "GET /doctor/schedule/<chamber_id>/<which>/edit",
        "POST /doctor/schedule/<chamber_id>/<hours_id>/removal",
        "GET /doctor/schedule/<chamber_id>/settings",
        "POST /doctor/schedule/<chamber_id>/settings",
        "POST /doctor/schedule/<chamber_id>/reminders",
        "GET /doctor/schedule/extras",
        "POST /doctor/schedule/extras",
        "POST /doctor/schedule/extras/<sitting_id>/removal",
        "GET /doctor/schedule/month",
        "GET /doctor/leave",
        "POST /doctor/leave",
        "POST /doctor/leave/holidays",
        "POST /doctor/leave/<leave_id>/removal",
        "GET /doctor/requests/news",
        "GET /doctor/sittings",
        "GET /doctor/sittings/<sitting_id>",
        "POST /doctor/sittings/<sitting_id>/lateness",
        "POST /doctor/sittings/<sitting_id>/cancellation",
        "GET /ticket",
        "POST /ticket",
        "GET /login",
        "POST /login",
        "GET /login/code",
        "POST /login/code",
        "POST /login/codes",
        "POST /logout",
        "GET /register",
        "POST /register",
        "GET /register/mail",
        "GET /email/<token>",
        "POST /email/<token>",
        "GET /password/forgot",
        "POST /password/forgot",
        "GET /password/reset/<token>",
        "POST /password/reset/<token>",
        "GET /account/password",
        "POST /account/password",
        "GET /account/ways",
        "POST /account/ways",
        "GET /account/ways/code",
        "POST /account/ways/code",
        "POST /account/ways/<way_id>/removal",
        "GET /account/ways/joining",
        "POST /account/ways/joining",
        "GET /account",
        "POST /account",
        "GET /account/family",
        "POST /account/family",
        "GET /account/family/<patient_id>",
        "POST /account/family/<patient_id>",
        "POST /account/family/<patient_id>/removal",
        "GET /account/family/claims",
        "POST /account/family/claims",
        "GET /doctor/profile",
        "POST /doctor/profile",
        "GET /doctor/chambers/<chamber_id>/fees",
        "POST /doctor/chambers/<chamber_id>/fees",
        "GET /login/again",
        "POST /login/again",
        "POST /login/again/codes",
        "GET /login/again/code",
        "POST /login/again/code",
        "GET /account/devices",
        "POST /account/devices/<device_id>/revocation",
        "POST /account/devices/revocation",
        "GET /account/authenticator",
        "POST /account/authenticator",
        "POST /account/authenticator/key",
        "POST /account/authenticator/removal",
        "GET /login/authenticator",
        "POST /login/authenticator",
        "GET /admin",
        "GET /admin/health",
        "GET /admin/letters",
        "POST /admin/letters/<letter_id>/resending",
        "GET /admin/money",
        "POST /admin/money/attempts/<attempt_id>/decision",
        "POST /admin/money/attempts/<attempt_id>/question",
        "POST /admin/money/refunds/<refund_id>/retry",
        "POST /admin/money/refunds/<refund_id>/settlement",
        "POST /admin/money/differences/<difference_id>/settlement",
        "GET /account/access",
        "GET /notifications",
        "POST /notifications/reading",
        "GET /sandbox/letters",
        "GET /payments/<token>",
        "POST /payments/<token>",
        "GET /payments/<token>/receipt",
        "POST /payments/<any(stripe, sandbox):provider>/webhook",
        "POST /payments/sslcommerz/ipn",
        "POST /payments/sslcommerz/return",
        "GET /sandbox/checkout/<token>",
        "POST /sandbox/checkout/<token>",
        "GET /static/<name>",
    }


def test_no_get_changes_anything(app):
    """A view that opens a transaction answers POST only.

    Exceptions are no bookings: noting a session's last use, and the mailed link, which verifies the address in the very
    browser that registered it.
    """
    import inspect

    writing = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in rule.methods
        and "transaction()" in inspect.getsource(inspect.unwrap(app.view_functions[rule.endpoint]))
    ]

    assert writing == []


def test_fragments_never_extend_and_say_what_they_need():
    for path in TEMPLATES.rglob("_*.html"):
        if path.parts[-2] == "mail":
            continue
        text = path.read_text(encoding="utf-8")
        assert "{% extends" not in text, path
        assert text.startswith("{# needs:"), path
