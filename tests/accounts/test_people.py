"""Persons and their proven ways in: a phone or an address merely typed claims nothing."""

import pytest
from sqlalchemy import func, select

from doctapp.accounts import people
from doctapp.accounts.models import Person, WayIn
from doctapp.accounts.people import AnotherPersons
from doctapp.db import db
from tests import make
from tests.people import ALICE, BOB, HOUR, NOW, STRANGER


def find_or_make(value=STRANGER, kind="phone", **given):
    values = {"shown": "01733 333333", "language": "bn", "now": NOW, **given}
    return people.find_or_make(kind=kind, value=value, **values)


def count(row):
    return db.session.scalar(select(func.count()).select_from(row))


def test_who_proves_a_new_phone_is_a_new_person(app):
    person = find_or_make()

    assert people.owner_of("phone", STRANGER).id == person.id
    assert (person.language, person.name, person.admin, person.password_hash) == ("bn", "", False, None)
    assert people.proven(person.id, "phone").shown == "01733 333333"


def test_who_proves_a_known_phone_is_who_they_were(app, alice):
    assert find_or_make(ALICE, shown="+880 1711-111111").id == alice.id
    assert count(WayIn) == 1
    assert people.proven(alice.id, "phone").shown == ALICE


def test_a_phone_and_an_address_of_the_same_letters_are_two(app):
    assert find_or_make("a@b.test", "email").id != find_or_make("a@b.test", "google").id


def test_a_way_that_is_not_proven_claims_nothing(app, alice):
    make.saved(WayIn(person_id=alice.id, kind="phone", value=STRANGER, shown=STRANGER))

    assert people.owner_of("phone", STRANGER) is None
    assert find_or_make().id != alice.id


def test_many_may_have_typed_what_one_then_proves(app, alice, bob):
    for person in (alice, bob):
        make.saved(WayIn(person_id=person.id, kind="phone", value=STRANGER, shown=STRANGER))

    people.add_way_in(person_id=bob.id, kind="phone", value=STRANGER, shown=STRANGER, now=NOW)

    assert people.owner_of("phone", STRANGER).id == bob.id


def test_a_second_way_in_is_added(app, alice):
    people.add_way_in(person_id=alice.id, kind="email", value="alice@a.test", shown="alice@a.test", now=NOW)

    assert people.owner_of("email", "alice@a.test").id == alice.id


def test_ones_own_again_changes_nothing(app, alice):
    people.add_way_in(person_id=alice.id, kind="phone", value=ALICE, shown="01711 111111", now=NOW + HOUR)

    assert people.proven(alice.id, "phone").proven_at == NOW


def test_another_persons_is_refused_and_nothing_is_merged(app, alice, bob):
    with pytest.raises(AnotherPersons) as refusal:
        people.add_way_in(person_id=alice.id, kind="phone", value=BOB, shown=BOB, now=NOW)

    assert refusal.value.status == 409
    assert people.owner_of("phone", BOB).id == bob.id


def test_who_lost_the_race_is_the_person_who_won_it(app, alice, monkeypatch):
    first = iter([None, alice])
    monkeypatch.setattr(people, "owner_of", lambda *_: next(first))

    assert find_or_make(ALICE).id == alice.id
    assert count(Person) == 1


def test_the_first_proven_phone_is_the_one_that_is_texted(app, alice):
    people.add_way_in(person_id=alice.id, kind="phone", value=STRANGER, shown=STRANGER, now=NOW)

    assert people.proven(alice.id, "phone").value == ALICE
    assert people.proven(alice.id, "email") is None
