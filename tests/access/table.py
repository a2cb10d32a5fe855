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
    get("sandbox", "/sandbox/letters", ALL),
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
    post("request", "/appointments/{ref}/payment", "L Y Y N N N N N N N", state="held", data={"method": "chamber"}),
    post("extend", "/appointments/{ref}/extension", "L Y Y N N N N N N N", state="held"),
    get("hold's calendar file", "/appointments/{ref}.ics", "N N N N N N N N N N", state="held"),
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
    get("cancelling", "/appointments/{ref}/cancellation", "L L Y N N N N N N N", state="requested"),
    post("cancel", "/appointments/{ref}/cancellation", "L L Y N N N N N N N", state="requested"),
    post("cancel a booking", "/appointments/{ref}/cancellation", "L L Y N N N N N N N", state="booked"),
    post("cancel a hold", "/appointments/{ref}/cancellation", "L L N N N N N N N N", state="held"),
    post("accept", "/appointments/{ref}/acceptance", "L L F N N Y N Y N N", state="requested"),
    post("accept a hold", "/appointments/{ref}/acceptance", "L L N N N N N N N N", state="held"),
    post("decline", "/appointments/{ref}/refusal", "L L F N N Y N Y N N", state="requested", data={"reason": "away"}),
    post(
        "undo an accept", "/appointments/{ref}/undo", "L L C N N Y N Y N N", state="accepted", data={"event": "{event}"}
    ),
    post(
        "undo a cancel", "/appointments/{ref}/undo", "L L Y N N C N C N N", state="cancelled", data={"event": "{event}"}
    ),
    get("inbox", "/doctor/requests", "L L F F F Y Y Y Y F"),
    get("inbox news", "/doctor/requests/news?after=0", "L L F F F Y Y Y Y F"),
    get("unknown ticket", "/appointments/222-222", "N N N N N N N N N N"),
    get("malformed ticket", "/appointments/%00%F0", "N N N N N N N N N N"),
    post("unknown accept", "/appointments/222-222/acceptance", "L L N N N N N N N N"),
)
