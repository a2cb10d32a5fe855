"""The inbox of the sandboxes: every mail and SMS of demo mode, on a page."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue

from doctapp import clock
from doctapp.config import Settings
from doctapp.web.access import demo_only

KEPT = 500
LONGEST_READ = 4 * 1024 * 1024

bp = Blueprint("sandbox", __name__)


def _file(settings: Settings) -> Path:
    return settings.instance / "sandbox" / "letters.jsonl"


def keep(settings: Settings, *, channel: str, to: str, subject: str, text: str) -> None:
    """Append one letter; one write of one line, so that several processes never mix theirs."""
    path = _file(settings)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    letter = {"channel": channel, "to": to, "subject": subject, "text": text, "at": clock.now().isoformat()}
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, json.dumps(letter, ensure_ascii=False).encode() + b"\n")
    finally:
        os.close(file)


def newest(settings: Settings, *, to: str = "", limit: int = KEPT) -> list[dict[str, Any]]:
    """The letters kept, newest first, perhaps only those to one address or phone."""
    found: list[dict[str, Any]] = []
    for line in reversed(list(_lines(_file(settings)))):
        letter = json.loads(line)
        if not to or _same(letter["to"], to):
            found.append(letter | {"at": datetime.fromisoformat(letter["at"])})
        if len(found) == limit:
            break
    return found


def _lines(path: Path) -> Iterator[bytes]:
    if not path.exists():
        return
    with path.open("rb") as file:
        skipped = max(0, path.stat().st_size - LONGEST_READ)
        file.seek(skipped)
        if skipped:
            file.readline()
        yield from (line for line in file if line.endswith(b"\n"))


def _same(one: str, other: str) -> bool:
    """Addresses by their letters, phones by their last ten digits: 01…, 880… and +880… are one phone."""
    if "@" in one or "@" in other:
        return one.strip().lower() == other.strip().lower()
    return _digits(one)[-10:] == _digits(other)[-10:]


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


@bp.get("/sandbox/letters")
@demo_only
def letters() -> ResponseReturnValue:
    """The inbox."""
    to = request.args.get("to", "").strip()
    kept = newest(current_app.config["SETTINGS"], to=to, limit=100 if not to else KEPT)
    return render_template("sandbox/letters.html", letters=kept, to=to)
