"""Who may do what, as data: domain.md's table for every address there is so far.

Y the act is done or the page is shown · T it is shown without what is private · L sign in first (303, htmx 401 with a
redirect header) · F 403 · N 404, the bytes of an unknown id · – not asked here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

ACTORS = ("AN", "H", "P", "OP", "AP", "D", "OD", "CS", "OS", "AM")
PRIVATE = "Momena Bibi"


@dataclass(frozen=True)
class Row:
    """One act on one address in one state, and what each actor gets."""

    act: str
    method: str
    path: str
    cells: str
    state: str = "none"
    data: dict[str, str] = field(default_factory=dict)
    shows: str = ""

    @property
    def expected(self) -> dict[str, str]:
        return dict(zip(ACTORS, self.cells.split(), strict=True))


def get(act: str, path: str, cells: str, **more: object) -> Row:
    return Row(act, "GET", path, cells, **more)  # type: ignore[arg-type]


def post(act: str, path: str, cells: str, **more: object) -> Row:
    return Row(act, "POST", path, cells, **more)  # type: ignore[arg-type]


ALL = "Y Y Y Y Y Y Y Y Y Y"
SIGNED = "L L Y Y Y Y Y Y Y Y"
ANSWERS = {"who": "new", "name": PRIVATE, "age": "58", "sex": "female", "phone": "01733 333333", "visit": "new"}
REGISTERED = {"name": "Rahima Khatun", "email": "new@a.test", "phone": ""}
PLACE = {"sitting": "{sitting}", "number": "9"}
WAITS = {"sitting": "{sitting}", "phone": "01733 333333"}
WORDS = {"words": "The lift is broken"}
SEEN = {"outcome": "completed", "event": "{event}"}
RELATIVE = {"name": PRIVATE, "age": "58", "sex": "female"}
FEES = {"fee_new": "900", "fee_follow_up": "500", "follow_up_days": "30", "fee_report": "0", "report_days": "7"}
HOURS = {"chamber": "{chamber}", "weekday": "0", "start": "03:00", "end": "04:00", "minutes": "10", "capacity": "6"}
RULES = {"lead": "60", "cut_off": "120", "acceptance": "hand"}
PLANS = "L L N N N Y N Y N N"
UNPROVEN = "400 400 400 400 400 400 400 400 400 400"
OFFICE = "L L N N N N N N N Y"
NOWHERE = "L L N N N N N N N N"

TABLE = (
    # act                          address                       AN H P OP AP D OD CS OS AM
    get("first page", "/", ALL),
    get("help", "/help", ALL),
    get("healthz", "/healthz", ALL),
    get("specialties", "/specialties", ALL),
    get("search", "/doctors?q=rokeya", ALL),
    get("doctor", "/doctors/rokeya-begum", ALL),
    get("free places", "/doctors/rokeya-begum/places", ALL),
    get("applicant's page", "/doctors/applicant", "N N N N Y N N N N Y"),
    get("applicant's places", "/doctors/applicant/places", "N N N N Y N N N N Y"),
    get("suspended doctor's page", "/doctors/suspended", "N N N N N N N N N Y"),
    get("static file", "/static/{css}", ALL),
    post("language", "/language", ALL, data={"to": "en", "next": "/"}),
    get("sign in", "/login", ALL),
    post("sign in by password", "/login", ALL, data={"email": "clerk@a.test", "password": "demo-demo-demo"}),
    post("ask for a code", "/login/codes", ALL, data={"phone": "01799 999999"}),
    get("type a code", "/login/code", ALL),
    post("prove a code", "/login/code", ALL, data={"code": "00000"}),
    post("sign out", "/logout", SIGNED),
    get("register", "/register", ALL),
    post("register an address", "/register", ALL, data={**REGISTERED, "password": "green mango tree"}),
    get("look at your mail", "/register/mail", ALL),
    get("unknown mailed link", "/email/unknown", "N N N N N N N N N N"),
    post("unknown mailed link, password", "/email/unknown", "N N N N N N N N N N", data={"password": "x"}),
    get("forgot the password", "/password/forgot", ALL),
    post("ask for a reset", "/password/forgot", ALL, data={"email": "alice@a.test"}),
    get("unknown reset link", "/password/reset/unknown", "N N N N N N N N N N"),
    post("use an unknown reset link", "/password/reset/unknown", "N N N N N N N N N N", data={"password": "x"}),
    get("own password", "/account/password", SIGNED),
    post("change the password", "/account/password", SIGNED, data={"current": "x", "password": "green mango tree"}),
    get("own ways in", "/account/ways", SIGNED),
    post("add a way in", "/account/ways", SIGNED, data={"way": "01799 999999"}),
    get("type a way's code", "/account/ways/code", SIGNED),
    post("prove a way in", "/account/ways/code", SIGNED, data={"code": "00000"}),
    post("take an unknown way away", "/account/ways/0/removal", "L L N N N N N N N N"),
    get("joining", "/account/ways/joining", SIGNED),
    post("join without a proof", "/account/ways/joining", "L L C C C C C C C C", data={"phone": "+8801799999999"}),
    get("show oneself again", "/login/again", SIGNED),
    post("again by password", "/login/again", SIGNED, data={"password": "demo-demo-demo"}),
    post("again by a code to oneself", "/login/again/codes", SIGNED, data={"way": "0"}),
    get("again: type the code", "/login/again/code", SIGNED),
    post("again by the code", "/login/again/code", SIGNED, data={"code": "00000"}),
    get("own authenticator app", "/account/authenticator", SIGNED),
    post("draw a key for an app", "/account/authenticator/key", SIGNED),
    post("prove a key nobody drew", "/account/authenticator", "L L C C C C C C C C", data={"code": "000000"}),
    post("remove no app", "/account/authenticator/removal", "L L C C C C C C C C", data={"code": "1"}),
    get("the second step", "/login/authenticator", SIGNED),
    post("give the app's code", "/login/authenticator", SIGNED, data={"code": "000000"}),
    get("own devices", "/account/devices", SIGNED),
    post("sign an unknown device out", "/account/devices/0/revocation", "L L N N N N N N N N"),
    post("sign out everywhere else", "/account/devices/revocation", SIGNED),
    get("sandbox", "/sandbox/letters", ALL),
    get("unknown checkout", "/sandbox/checkout/unknown", "N N N N N N N N N N"),
    post("pay an unknown order", "/sandbox/checkout/unknown", "N N N N N N N N N N", data={"outcome": "paid"}),
    get("own access list", "/account/access", SIGNED),
    get("own account", "/account", SIGNED),
    post("save the account", "/account", SIGNED, data={"name": "Somebody", "language": "en"}),
    get("own family", "/account/family", SIGNED),
    post("add a relative", "/account/family", SIGNED, data={"name": "Rahima", "age": "30", "sex": "female"}),
    get("claiming a booking", "/account/family/claims", SIGNED),
    post("claim a booking", "/account/family/claims", "L L Y Y C C C C C C", data={**RELATIVE, "name": "Nobody"}),
    get("a relative", "/account/family/{patient}", "L L Y N N N N N N N", shows=PRIVATE),
    post("correct a relative", "/account/family/{patient}", "L L Y N N N N N N N", data=RELATIVE),
    post("take a relative off", "/account/family/{patient}/removal", "L L C N N N N N N N", state="booked"),
    # the doctor's own: an applicant's is a draft
    get("doctor's profile", "/doctor/profile", "L L N N Y Y Y N N N"),
    post("save the profile", "/doctor/profile", "L L N N Y Y Y N N N"),
    get("a chamber's fees", "/doctor/chambers/{chamber}/fees", "L L N N N Y N Y N N"),
    post("set a chamber's fees", "/doctor/chambers/{chamber}/fees", "L L N N N Y N Y N N", data=FEES),
    get("unknown chamber's fees", "/doctor/chambers/99999999999/fees", "L L N N N N N N N N"),
    get("own notifications", "/notifications", SIGNED),
    post("mark read", "/notifications/reading", SIGNED),
    get("own appointments", "/appointments", SIGNED),
    post("take a place", "/appointments", ALL, data={"sitting": "{sitting}", "number": "3"}),
    # a hold: its details are its holder's; others see number and time
    get("hold's ticket", "/appointments/{ref}", "T T T T T T T T T T", state="held"),
    get("hold's patient", "/appointments/{ref}/patient", "T Y Y T T T T T T T", state="held", shows=PRIVATE),
    post("hold's answers", "/appointments/{ref}/patient", "L Y Y N N N N N N N", state="held", data=ANSWERS),
    get("hold's code page", "/appointments/{ref}/code", "T Y Y T T T T T T T", state="held"),
    post("prove the phone", "/appointments/{ref}/code", "L Y Y N N N N N N N", state="held", data={"code": "00000"}),
    post(
        "another code", "/appointments/{ref}/codes", "L Y Y N N N N N N N", state="held", data={"phone": "01733333333"}
    ),
    get("check", "/appointments/{ref}/payment", "T Y Y T T T T T T T", state="held"),
    get("the same person?", "/appointments/{ref}/person", "T Y Y T T T T T T T", state="held"),
    post("say who it is", "/appointments/{ref}/person", "L Y Y N N N N N N N", state="held", data={"same": "another"}),
    post("request", "/appointments/{ref}/payment", "L Y Y N N N N N N N", state="held", data={"method": "chamber"}),
    post("extend", "/appointments/{ref}/extension", "L Y Y N N N N N N N", state="held"),
    get("hold's calendar file", "/appointments/{ref}.ics", "N N N N N N N N N N", state="held"),
    # who waits: the list is everybody's, an offer is whoever's has its link
    get("a sitting's list", "/waiting?sitting={sitting}", ALL),
    post("wait where something is free", "/waiting", "C C C C C C C C C C", data=WAITS),
    get("an unknown offer", "/waiting/unknown", "N N N N N N N N N N"),
    post("take up an unknown offer", "/waiting/unknown", "N N N N N N N N N N"),
    post("leave by an unknown link", "/waiting/unknown/leaving", "N N N N N N N N N N"),
    # requested and later
    get("ticket", "/appointments/{ref}", "T T Y T T Y T Y T Y", state="requested", shows=PRIVATE),
    get(
        "ticket's reason", "/appointments/{ref}", "T T Y T T Y T T T T", state="requested", shows="Cough for two weeks"
    ),
    get("ended ticket", "/appointments/{ref}", "T T Y T T Y T Y T Y", state="declined", shows=PRIVATE),
    get("calendar file", "/appointments/{ref}.ics", ALL, state="requested"),
    get("steps after the request", "/appointments/{ref}/patient", ALL, state="requested"),
    get("code page after the request", "/appointments/{ref}/code", ALL, state="requested"),
    get("check after the request", "/appointments/{ref}/payment", ALL, state="requested"),
    get("cancelling", "/appointments/{ref}/cancellation", "L L Y N N Y N Y N Y", state="requested", shows=PRIVATE),
    post("cancel", "/appointments/{ref}/cancellation", "L L Y N N Y N Y N Y", state="requested", data=WORDS),
    post("cancel a booking", "/appointments/{ref}/cancellation", "L L Y N N Y N Y N Y", state="booked", data=WORDS),
    post("cancel a hold", "/appointments/{ref}/cancellation", "L L N N N N N N N N", state="held"),
    get("moving", "/appointments/{ref}/move", "L L Y N N Y N Y N N", state="requested"),
    post("move", "/appointments/{ref}/move", "L L Y N N Y N Y N N", state="requested", data=PLACE),
    post("move a booking", "/appointments/{ref}/move", "L L Y N N Y N Y N N", state="booked", data=PLACE),
    post("move a hold", "/appointments/{ref}/move", "L L N N N N N N N N", state="held", data=PLACE),
    post("accept", "/appointments/{ref}/acceptance", "L L F N N Y N Y N N", state="requested"),
    post("accept a hold", "/appointments/{ref}/acceptance", "L L N N N N N N N N", state="held"),
    post("decline", "/appointments/{ref}/refusal", "L L F N N Y N Y N N", state="requested", data={"reason": "away"}),
    post(
        "undo an accept", "/appointments/{ref}/undo", "L L C N N Y N Y N N", state="accepted", data={"event": "{event}"}
    ),
    post(
        "undo a cancel", "/appointments/{ref}/undo", "L L Y N N C N C N N", state="cancelled", data={"event": "{event}"}
    ),
    post("say how it ended", "/appointments/{ref}/outcome", "L L F N N Y N Y N N", state="closed", data=SEEN),
    post("say so of a hold", "/appointments/{ref}/outcome", "L L N N N N N N N N", state="held", data=SEEN),
    post("say so of a request", "/appointments/{ref}/outcome", "L L F N N C N C N N", state="requested", data=SEEN),
    post(
        "undo an outcome", "/appointments/{ref}/undo", "L L C N N Y N Y N N", state="turned", data={"event": "{event}"}
    ),
    # money: whoever has a payment's link sees state and amount; the receipt is its payer's, the clinic's and an admin's
    get("payment", "/payments/{token}", "T T Y T T T T T T Y", state="paid", shows="Dr Rokeya Begum"),
    get("receipt", "/payments/{token}/receipt", "L L Y N N N N Y N Y", state="paid"),
    post("say that one paid", "/payments/{token}", ALL, state="paid", data={"reference": "8N7A6D5EE7"}),
    get("unknown payment", "/payments/unknown", "N N N N N N N N N N"),
    post("a webhook without proof", "/payments/sandbox/webhook", UNPROVEN),
    post("an IPN without proof", "/payments/sslcommerz/ipn", UNPROVEN),
    post("a way back without proof", "/payments/sslcommerz/return", UNPROVEN),
    get("inbox", "/doctor/requests", "L L F F F Y Y Y Y F"),
    get("inbox news", "/doctor/requests/news?after=0", "L L F F F Y Y Y Y F"),
    get("find a ticket", "/ticket", ALL),
    post("give a wrong ticket code", "/ticket", ALL, data={"ref": "222-222", "digits": "1111"}),
    post("give a ticket's code", "/ticket", ALL, state="requested", data={"ref": "{ref}", "digits": "1111"}),
    get("sittings", "/doctor/sittings", "L L F F F Y Y Y Y F"),
    get("sitting", "/doctor/sittings/{sitting}", "L L N N N Y N Y N N", state="requested", shows=PRIVATE),
    post(
        "late", "/doctor/sittings/{sitting}/lateness", "L L N N N Y N Y N N", state="requested", data={"minutes": "40"}
    ),
    post(
        "cancel a sitting",
        "/doctor/sittings/{sitting}/cancellation",
        "L L N N N Y N Y N N",
        state="requested",
        data={"reason": "away"},
    ),
    get("unknown sitting", "/doctor/sittings/99999999999", "L L N N N N N N N N"),
    # the weekly hours of a chamber, its settings; doctor-wide leave
    get("own weekly hours", "/doctor/schedule", "L L N N N Y Y Y Y N"),
    get("weekly hours of a chamber", "/doctor/schedule?chamber={chamber}", PLANS, state="requested"),
    get("edit hours", "/doctor/schedule/{chamber}/{event}/edit", PLANS, state="hours"),
    get("add hours", "/doctor/schedule/{chamber}/monday/edit", PLANS, state="requested"),
    post("save hours", "/doctor/schedule", PLANS, state="requested", data=HOURS),
    post("remove hours", "/doctor/schedule/{chamber}/{event}/removal", PLANS, state="hours"),
    get("month", "/doctor/schedule/month?chamber={chamber}", PLANS, state="requested"),
    get("extra sittings", "/doctor/schedule/extras?chamber={chamber}", PLANS, state="requested"),
    post("add an extra sitting", "/doctor/schedule/extras", PLANS, state="requested", data={"chamber": "{chamber}"}),
    post("remove an extra sitting", "/doctor/schedule/extras/{event}/removal", PLANS, state="extra"),
    get("chamber's settings", "/doctor/schedule/{chamber}/settings", PLANS, state="requested"),
    post("set the chamber", "/doctor/schedule/{chamber}/settings", PLANS, state="requested", data=RULES),
    post("turn reminders off", "/doctor/schedule/{chamber}/reminders", PLANS, state="requested"),
    get("own leave", "/doctor/leave", "L L N N N Y Y Y Y N"),
    get("leave of a chamber", "/doctor/leave?chamber={chamber}", PLANS, state="requested"),
    post("add leave", "/doctor/leave?chamber={chamber}", PLANS, state="requested"),
    post("add holidays", "/doctor/leave/holidays?chamber={chamber}", PLANS, state="requested"),
    post("remove doctor-wide leave", "/doctor/leave/{event}/removal", "L L N N N Y N N N N", state="leave"),
    post("remove a chamber's leave", "/doctor/leave/{event}/removal", PLANS, state="chamber leave"),
    get("unknown chamber", "/doctor/schedule?chamber=99999999999", "L L N N N N N N N N"),
    post("remove unknown leave", "/doctor/leave/99999999999/removal", "L L N N N N N N N N"),
    post("remove an unknown extra", "/doctor/schedule/extras/99999999999/removal", "L L N N N N N N N N"),
    # the office
    get("office", "/admin", OFFICE),
    get("health", "/admin/health", OFFICE),
    get("dead letters", "/admin/letters", OFFICE),
    post("send a dead letter again", "/admin/letters/{event}/resending", OFFICE, state="dead letter"),
    get("money that needs a person", "/admin/money", OFFICE),
    post("decide", "/admin/money/attempts/{event}/decision", OFFICE, state="flagged", data={"verdict": "back"}),
    post("ask the gateway about no payment", "/admin/money/attempts/0/question", NOWHERE),
    post("try a refund again", "/admin/money/refunds/{event}/retry", OFFICE, state="failed refund"),
    post(
        "pay back by hand",
        "/admin/money/refunds/{event}/settlement",
        OFFICE,
        state="failed refund",
        data={"reference": "X"},
    ),
    post("settle a difference", "/admin/money/differences/{event}/settlement", OFFICE, state="difference"),
    post("decide about no payment", "/admin/money/attempts/0/decision", NOWHERE, data={"verdict": "back"}),
    get("unknown ticket", "/appointments/222-222", "N N N N N N N N N N"),
    get("malformed ticket", "/appointments/%00%F0", "N N N N N N N N N N"),
    post("unknown accept", "/appointments/222-222/acceptance", "L L N N N N N N N N"),
)
