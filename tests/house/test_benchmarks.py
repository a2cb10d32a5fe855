"""Every row of the benchmarks can be run, and their table says a missed goal as missed."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from benchmarks import results
from benchmarks.__main__ import ROWS
from benchmarks.results import Line


@pytest.mark.parametrize("name", ROWS.values())
def test_each_row_has_a_script_that_runs(name: str) -> None:
    assert callable(import_module(name).run)


@pytest.mark.parametrize(
    ("value", "goal", "verdict"),
    [
        ("13.9 KB", "≤ 14 KB", "met"),
        ("14.1 KB", "≤ 14 KB", "missed"),
        (1_200, "≥ 1,100", "met"),
        ("1.42 (of 64 racers)", "≤ 1.5", "met"),
        ("100 %", "100 %", "met"),
        ("999 of 1000", "1000 of 1000", "missed"),
        ("780 ×", "none yet; later ≤ 4", results.NO_GOAL),
        ("SQLite 1.2, PostgreSQL 1.4", "≤ 1.3", "not judged"),
    ],
)
def test_a_figure_is_judged_by_its_goal(value: object, goal: str, verdict: str) -> None:
    assert results.verdict({"name": "it", "value": value, "goal": goal}) == verdict


def test_a_script_may_judge_by_itself() -> None:
    assert results.verdict({"name": "it", "value": "2 of 3", "goal": "all", "met": False}) == "missed"


def test_rows_that_are_not_run_keep_their_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "FILE", tmp_path / "RESULTS.md")
    line = Line.of(2, {"name": "a | b", "value": "1.5", "goal": "≤ 1.2"}, when="then")

    results.write({2: [line]})

    assert results.read() == {2: [Line(2, "a / b", "1.5", "≤ 1.2", "missed", "then")]}
