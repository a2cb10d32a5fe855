"""What the audit's acts are called to those whose records they are about; a test knows every act that is written."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

WORDS = {
    "read": _l("Read the appointment"),
    # appointments
    "request": _l("Asked for the appointment"),
    "accept": _l("Accepted the request"),
    "decline": _l("Declined the request"),
    "cancel": _l("Cancelled the appointment"),
    "move": _l("Moved the appointment"),
    "undo": _l("Took the last step back"),
    "lapse": _l("Ended the request that nobody answered"),
    "close": _l("Closed the appointment after the sitting"),
    "outcome": _l("Wrote down how the visit ended"),
    "pay": _l("Booked it because it was paid"),
    "let_stand": _l("Let a payment stand that had to be looked at"),
    "give_back": _l("Gave a payment back"),
    "retry_refund": _l("Let a refund be sent again"),
    "settle_refund": _l("Paid a refund back by hand"),
    "settle_difference": _l("Saw to a difference with the gateway"),
    "resend_letter": _l("Sent a letter again"),
    "ticket_look": _l("Opened the ticket with the phone’s last digits"),
    # patients
    "edit_patient": _l("Changed name, sex or age"),
    "hide_patient": _l("Took the patient off the family’s list"),
    "claim_patient": _l("Took the patient into the family"),
    # persons and their ways in
    "registered": _l("Registered"),
    "edit_account": _l("Changed the account"),
    "joined": _l("Joined two accounts into one"),
    "way_added": _l("Added a phone or an e-mail address"),
    "way_removed": _l("Removed a phone or an e-mail address"),
    "password_changed": _l("Set a new password"),
    "password_tries_spent": _l("Typed too many wrong passwords"),
    "code_tries_spent": _l("Typed too many wrong codes"),
    "app_added": _l("Set up an authenticator app"),
    "app_removed": _l("Removed the authenticator app"),
    "app_tries_spent": _l("Typed too many wrong codes of the authenticator app"),
    "sign_in": _l("Signed in"),
    "second_step": _l("Gave a code of the authenticator app"),
    "sign_out": _l("Signed out"),
    "end_sessions": _l("Signed out everywhere else"),
    "remember_device": _l("Had a device remembered"),
    "reuse_device": _l("Noticed that a device’s cookie was copied"),
    "end_device": _l("Had a device forgotten"),
    # what a doctor and a chamber offer
    "edit_profile": _l("Changed the doctor’s profile"),
    "set_fees": _l("Set the fees"),
    "set_reminders": _l("Turned the clinic’s reminders on or off"),
    "set_chamber": _l("Changed the chamber’s settings"),
    "set_hours": _l("Set weekly hours"),
    "remove_hours": _l("Removed weekly hours"),
    "add_leave": _l("Added leave"),
    "remove_leave": _l("Removed leave"),
    "add_sitting": _l("Added a sitting"),
    "remove_sitting": _l("Removed a sitting"),
    "sitting_cancel": _l("Cancelled a sitting"),
    "lateness": _l("Said how late the sitting is"),
}
OTHERWISE = _l("Changed something in the records")
