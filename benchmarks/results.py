"""The table of what was measured, in RESULTS.md: figures exactly as measured, a missed goal said as missed."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("RESULTS.md")
COLUMNS = ("row", "what", "measured", "goal", "verdict", "when")
NO_GOAL = "measured, no goal yet"
LIMIT = re.compile(r"([≤≥])\s*([\d.,]+)\D*")
NUMBER = re.compile(r"\d[\d.,]*")
INTRODUCTION = """\
# How fast DoctApp is

`make bench` runs every row and writes this table; `make bench ARGS='--short'` takes a minute, and
`make bench ARGS='1 2'` runs some rows and leaves the others' figures as they were. A figure with “/ hello” is CPU a
request as times of what a bare Flask application takes to say hello, called in the same process in turns: the median of
the rounds (the least and the most; milliseconds). The world is the demo's, with 300 doctors, read in Bangla; what
the database server computes is not in these figures. Other work on the machine moves milliseconds more than ratios: the
load beside each figure is that of the minute before it.
"""


@dataclass(frozen=True)
class Line:
    """A line of the table."""

    row: int
    name: str
    measured: str
    goal: str
    verdict: str
    when: str

    @classmethod
    def of(cls, row: int, measured: Mapping[str, Any], *, when: str) -> Line:
        """What a row's script gave: `name`, `value`, `goal`, and `met` where it judges by itself."""
        goal = str(measured["goal"])
        return cls(row, measured["name"], str(measured["value"]), goal, verdict(measured), when)

    @classmethod
    def failed(cls, row: int, *, when: str) -> Line:
        """A row whose script came to no figure."""
        return cls(row, "the whole row", "nothing: its script failed", "–", "failed", when)

    def __str__(self) -> str:
        cells = (str(cell).replace("|", "/").replace("\n", " ") for cell in astuple(self))
        return f"| {' | '.join(cells)} |"


def verdict(measured: Mapping[str, Any]) -> str:
    """Whether the goal is met: as the script says, else by a goal that is one limit or one figure to be had."""
    value, goal, met = str(measured["value"]), str(measured["goal"]), measured.get("met")
    if met is None:
        met = _met(value, goal)
    if met is None:
        return NO_GOAL if goal.startswith("none") else "not judged"
    return "met" if met else "missed"


def _met(value: str, goal: str) -> bool | None:
    """None where a number alone cannot say it."""
    limit, number = LIMIT.fullmatch(goal), NUMBER.match(value)
    if limit and number:
        given, bound = (float(text.replace(",", "")) for text in (number[0], limit[2]))
        return given <= bound if limit[1] == "≤" else given >= bound
    return value == goal if goal[:1].isdigit() else None


def occasion(*, short: bool) -> str:
    """When, of which commit and where something is measured."""
    at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
    return f"{at}, {_commit()}, {machine}{', short' if short else ''}"


def _commit() -> str:
    said = _git("rev-parse", "--short", "HEAD") or "no commit"
    return f"{said} with changes" if _git("status", "--porcelain", "--", ".", f":!{FILE}") else said


def _git(*words: str) -> str:
    ended = subprocess.run(["git", *words], cwd=FILE.parents[1], capture_output=True, text=True, check=False)
    return ended.stdout.strip()


def read() -> dict[int, list[Line]]:
    """The lines that were written before, by row."""
    known: dict[int, list[Line]] = {}
    for text in FILE.read_text(encoding="utf-8").splitlines() if FILE.exists() else ():
        cells = [cell.strip() for cell in text.strip("|").split(" | ")]
        if len(cells) == len(COLUMNS) and cells[0].isdigit():
            known.setdefault(int(cells[0]), []).append(Line(int(cells[0]), *cells[1:]))
    return known


def write(known: Mapping[int, Sequence[Line]]) -> None:
    """Write the table, its rows in their order."""
    head = [f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS)]
    table = [*head, *(str(line) for row in sorted(known) for line in known[row])]
    FILE.write_text("\n".join([INTRODUCTION, *table, ""]), encoding="utf-8")
