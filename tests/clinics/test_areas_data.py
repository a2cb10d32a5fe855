import csv
import re
import unicodedata
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
BANGLA = re.compile(r"[\u0985-\u09b9]")


def rows(path: str) -> list[dict[str, str]]:
    with (ROOT / path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


AREAS = rows("doctapp/clinics/areas.csv")
SPECIALTIES = rows("doctapp/doctors/specialties.csv")


def of_kind(kind: str) -> list[dict[str, str]]:
    return [row for row in AREAS if row["kind"] == kind]


def test_there_are_eight_divisions_and_sixty_four_districts():
    assert Counter(row["kind"] for row in AREAS) == {"division": 8, "district": 64, "area": len(of_kind("area"))}


def test_every_slug_is_unique_and_made_of_lower_case_words():
    slugs = [row["slug"] for row in AREAS]

    assert len(set(slugs)) == len(slugs)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) for slug in slugs)


def test_every_parent_exists_one_level_up():
    kinds = {row["slug"]: row["kind"] for row in AREAS}
    above = {"division": None, "district": "division", "area": "district"}

    assert all(kinds.get(row["parent"]) == above[row["kind"]] for row in AREAS)


def test_four_districts_have_all_their_upazilas_and_well_known_quarters():
    counts = Counter(row["parent"] for row in of_kind("area"))

    assert set(counts) == {"cumilla", "dhaka", "chattogram", "sylhet"}
    assert counts["cumilla"] >= 17 + 10
    assert counts["dhaka"] >= 5 + 30
    assert counts["chattogram"] >= 15 + 10
    assert counts["sylhet"] >= 13 + 10


def test_siblings_are_told_apart_by_their_names():
    for column in ("en", "bn"):
        assert max(Counter((row["parent"], row[column]) for row in AREAS).values()) == 1


def test_every_area_has_an_ascii_and_a_bangla_name_in_nfc():
    for row in AREAS:
        assert row["en"].isascii()
        assert row["en"] == row["en"].strip()
        assert BANGLA.search(row["bn"])
        assert not re.search("[A-Za-z]", row["bn"])
        assert unicodedata.is_normalized("NFC", row["bn"])


def test_there_are_thirty_one_specialties_and_the_first_eight_are_those_of_the_home_page():
    slugs = [row["slug"] for row in SPECIALTIES]

    assert len(set(slugs)) == 31
    assert slugs[:8] == ["medicine", "children", "womens-health", "heart", "bones-joints", "skin", "ent", "eyes"]


def test_every_specialty_has_words_and_a_hint_in_both_languages():
    for row in SPECIALTIES:
        assert len(row["words_en"].split(";")) == len(row["words_bn"].split(";")) >= 4
        assert row["icon"]
        assert row["en"]
        assert row["hint_en"]
        for column in ("bn", "words_bn", "hint_bn"):
            assert BANGLA.search(row[column])
            assert unicodedata.is_normalized("NFC", row[column])
