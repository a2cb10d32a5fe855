"""`python -m benchmarks [--short] [row …]`: run rows of the table and write what they measured to RESULTS.md."""

from __future__ import annotations

import argparse
import inspect
import sys
import time
import traceback
from importlib import import_module
from typing import Any

from benchmarks import results
from benchmarks.results import Line

ROWS = {
    1: "benchmarks.lists",
    2: "benchmarks.public",
    6: "benchmarks.bookings",
    7: "benchmarks.races",
    8: "benchmarks.durable",
    10: "benchmarks.weight",
    15: "benchmarks.healing",
}


def main() -> int:
    """Run the rows asked for, or all; the others keep their old figures. 1 where a script failed."""
    asked = _arguments()
    known, failed = results.read(), 0
    for row in asked.rows or ROWS:
        began, when = time.monotonic(), results.occasion(short=asked.short)
        print(f"{row}. {_title(row)}", flush=True)
        try:
            known[row] = [Line.of(row, line, when=when) for line in _run(row, short=asked.short)]
        except Exception:
            traceback.print_exc()
            known[row], failed = [Line.failed(row, when=when)], failed + 1
        results.write(known)
        for line in known[row]:
            print(f"   {line.name}: {line.measured} – goal {line.goal}: {line.verdict}")
        print(f"   ({time.monotonic() - began:.0f} s)", flush=True)
    return int(failed > 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="fewer rounds: within a minute, and less sure")
    parser.add_argument("rows", nargs="*", type=_row, metavar="row", help=f"all if none is named: {[*ROWS]}")
    return parser.parse_args()


def _row(text: str) -> int:
    if not text.isdigit() or int(text) not in ROWS:
        raise argparse.ArgumentTypeError(f"the rows are {', '.join(map(str, ROWS))}")
    return int(text)


def _title(row: int) -> str:
    """The first sentence of the row's script."""
    name = ROWS[row]
    try:
        return (import_module(name).__doc__ or name).partition("\n")[0]
    except ImportError:
        return name


def _run(row: int, *, short: bool) -> list[dict[str, Any]]:
    run = import_module(ROWS[row]).run
    given = {"short": short} if "short" in inspect.signature(run).parameters else {}
    return list(run(**given))


if __name__ == "__main__":
    sys.exit(main())
