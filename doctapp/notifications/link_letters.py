"""Letters with a link in them: to verify an address, to set a new password. Secret, and of no use once it ran out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from flask import current_app

from doctapp.accounts import links
from doctapp.accounts.models import Person
from doctapp.accounts.registering import Asked
from doctapp.accounts.resetting import Link
from doctapp.notifications import outbox

KNOWN_GOOD_FOR = timedelta(hours=24)


def verify(asked: Asked, *, next_path: str, now: datetime) -> None:
    """What a registration is answered by: the link to verify the address, or that it opens an account already.

    Nothing goes out where the address was written to too often.
    """
    url = _url(f"/email/{asked.token}", next_path)
    if asked.owner:
        _known(asked, asked.owner, now=now)
    elif asked.token:
        row = asked.row
        facts = {"url": url, "name": row.name}
        _write("verify", f"registration:{row.id}", row.email, row.language, facts, now=now, until=row.expires_at)


def _known(asked: Asked, owner: Person, *, now: datetime) -> None:
    facts = {"url": _url("/login"), "forgot_url": _url("/password/forgot")}
    cause = f"registration:{asked.row.id}"
    until = now + KNOWN_GOOD_FOR
    _write("registered_already", cause, asked.row.email, owner.language, facts, now=now, until=until)


def reset(link: Link | None, *, address: str, language: str, now: datetime) -> None:
    """The link to a new password; for an address that nobody has a letter that is over before it could be sent.

    So both take the same time: how long an answer took tells nothing.
    """
    token = link.token if link else links.draw()[0]
    until = link.row.expires_at if link else now
    language = link.owner.language if link else language
    facts = {"url": _url(f"/password/reset/{token}")}
    cause = f"reset:{link.row.id}" if link else f"reset:nobody:{token[:16]}"
    _write("reset", cause, address, language, facts, now=now, until=until)


def _url(path: str, next_path: str = "/") -> str:
    """The address on this site, perhaps with where to go on afterwards."""
    asked = f"?next={quote(next_path, safe='/')}" if next_path != "/" else ""
    return f"{current_app.config['SETTINGS'].public_url}{path}{asked}"


def _write(
    kind: str, cause: str, address: str, language: str, facts: dict[str, Any], *, now: datetime, until: datetime
) -> None:
    outbox.write(
        channel="mail",
        kind=kind,
        cause=cause,
        about="",
        address=address,
        language=language,
        facts=facts,
        now=now,
        expires_at=until,
        secret=True,
    )
