"""Every act that is written to the audit has words: whoever adds one gives them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from doctapp.audit import acts

HOUSE = Path(__file__).resolve().parents[2] / "doctapp"
BEFORE_THERE_IS_A_PATIENT = {"hold", "extend", "expire", "replace", "offer", "take_up", "give_up"}


@cache
def sources() -> list[ast.Module]:
    return [
        ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(HOUSE.rglob("*.py"))
        if path.parent.name != "embedded"
    ]


def taking_an_act_first() -> set[str]:
    """The functions whose first argument is an act."""
    functions = (node for tree in sources() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return {f.name for f in functions if f.args.args and f.args.args[0].arg == "act"}


def constants(tree: ast.Module) -> dict[str, ast.expr]:
    """The names that stand for a value in the whole file."""
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    return {node.targets[0].id: node.value for node in assigned if isinstance(node.targets[0], ast.Name)}


def given(tree: ast.Module, writers: set[str]) -> Iterator[ast.expr]:
    """Whatever is given as an act: by its name, as the first argument, or in a dictionary."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from (word.value for word in node.keywords if word.arg == "act")
            called = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
            if called in writers and node.args:
                yield node.args[0]
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            yield from (value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "act")


def words(value: ast.expr, known: dict[str, ast.expr]) -> Iterator[str]:
    """The texts that an expression may be."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from words(value.body, known)
        yield from words(value.orelse, known)
    elif isinstance(value, ast.Name) and value.id in known:
        yield from words(known[value.id], known)


def written() -> set[str]:
    writers = taking_an_act_first()
    return {word for tree in sources() for value in given(tree, writers) for word in words(value, constants(tree))}


def test_every_act_that_is_written_has_words():
    assert written() - BEFORE_THERE_IS_A_PATIENT - set(acts.WORDS) == set()


def test_no_words_are_kept_for_what_nobody_writes():
    assert set(acts.WORDS) - written() == set()


def test_an_act_fits_its_column():
    assert max(map(len, acts.WORDS)) <= 30


def test_the_reader_of_sources_finds_what_is_known():
    assert {"read", "accept", "request", "sign_in", "edit_patient", "code_tries_spent"} <= written()
