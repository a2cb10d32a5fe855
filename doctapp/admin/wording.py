"""What the office's pages call the kinds of letters: a page never shows what a letter itself says."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

LETTERS: dict[str, LazyString] = {
    "code": _l("Code"),
    "verify": _l("Link that verifies an address"),
    "reset": _l("Link that sets a new password"),
    "registered_already": _l("Note that an address is registered"),
    "password_changed": _l("Password changed"),
    "way_added": _l("New way to sign in"),
    "way_removed": _l("Way to sign in removed"),
    "number_used": _l("Old number used"),
    "joined": _l("Accounts joined"),
    "device_reused": _l("Device’s sign-in copied"),
    "app_added": _l("Authenticator app set up"),
    "app_removed": _l("Authenticator app removed"),
    "requested": _l("Appointment asked for"),
    "booked": _l("Appointment booked"),
    "declined": _l("Request declined"),
    "lapsed": _l("Request not answered"),
    "cancelled": _l("Appointment cancelled"),
    "clinic_cancelled": _l("Appointment cancelled by the chamber"),
    "moved": _l("Appointment moved"),
    "new_request": _l("New request, to the doctor"),
    "reminder": _l("Reminder to the doctor"),
    "day_before": _l("Reminder, the day before"),
    "same_day": _l("Reminder, the same day"),
    "offered": _l("Offer to somebody on the waiting list"),
    "late": _l("The doctor is late"),
    "going_back": _l("Payment goes back"),
    "refunded": _l("Payment sent back"),
}
