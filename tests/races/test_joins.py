"""Two persons join the same phone-only person at once: one does, the other is told that the number is not theirs.

Both are locked by their ids, and who was joined once is marked by a conditional UPDATE; the control has neither.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, select

from doctapp.accounts.models import Patient, Person, WayIn
from doctapp.audit.models import AuditEntry
from tests import make
from tests.races import scenes
from tests.races.racing import Call, until_seen
from tests.races.servers import Stage
from tests.races.test_codes import code_of

NO_JOIN_GUARDS = "join_lock,join_mark,one_writer"


def joins(stage: Stage) -> tuple[Person, list[Person], list[Call]]:
    """A phone-only person, two others who proved that phone, and each one's yes."""
    other, _ = scenes.alice()
    phone = other.ways_in[0].value
    survivors = [make.person(email=f"{n}{phone[1:]}@a.test", name=f"Survivor {n}") for n in range(2)]
    return other, survivors, [yes(stage, person, phone) for person in survivors]


def yes(stage: Stage, person: Person, phone: str) -> Call:
    """This person proved the phone in a browser of their own, was asked, and says yes."""
    token = f"join{phone[1:]}-{person.id}"
    browser = stage.browser_of(person, token)
    _, digits = code_of(token, phone)
    browser.filled("/account/ways/code", "code", code=digits)()
    return browser.filled("/account/ways/joining", "joining")


def joined_by(stage: Stage, other: Person) -> int:
    """How often this person was joined, by the audit."""
    return stage.rows(select(func.count()).select_from(AuditEntry).filter_by(act="joined", row_id=other.id))[0]


def owners(stage: Stage, other: Person, phone: str) -> set[int]:
    """Whose the phone and the patients of the other are now, and into whom the row says they were joined."""
    mine = stage.rows(select(WayIn.person_id).filter_by(value=phone))
    into = stage.rows(select(Person.joined_into_id).filter_by(id=other.id))
    ids = [*mine, *into]
    return {*ids, *stage.rows(select(Patient.person_id).where(Patient.person_id.in_([*ids, other.id])))}


def test_of_two_joins_of_one_phone_one_wins(stage: Stage) -> None:
    with stage.races("two joins of one phone") as races:
        for _ in range(5):
            other, survivors, calls = joins(stage)
            phone = other.ways_in[0].value
            race = races.run(calls)

            assert race.statuses == [303, 409]
            assert "Prove this number once more" in race.losers[0].page or "somebody else" in race.losers[0].page
            assert joined_by(stage, other) == 1
            assert owners(stage, other, phone) <= {person.id for person in survivors}
            assert len(owners(stage, other, phone)) == 1

    assert races.overlaps > 0


def test_without_lock_and_mark_both_join(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded(NO_JOIN_GUARDS)

    def both_joined() -> bool:
        other, _, calls = joins(stage)
        races.run(calls)
        return joined_by(stage, other) == 2

    with stage.races("two joins of one phone") as races:
        until_seen(both_joined)
