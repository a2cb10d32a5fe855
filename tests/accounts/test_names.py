"""Names of people: two letters are enough, and two spellings of one name are the same."""

import unicodedata

import pytest

from doctapp.accounts import names


@pytest.mark.parametrize(
    "name",
    ["Oi", "Li", "ইমু", "ঔষ", "মা", "Md. Abdul Karim", "O'Neil", "Ma-Ri", "ড. রহিম", "José", "李明", "Nguyễn", "Ø.Å"],
)
def test_a_word_of_two_letters_is_a_name(name):
    assert names.is_name(name)


@pytest.mark.parametrize(
    "name", ["", " ", "A", "অ", "1", "12", "১২", "--", "..", "😀", "😀😀", "A1", "?!", "\u200b\u200b", "\t\n"]
)
def test_less_is_none(name):
    assert not names.is_name(name)


def test_a_name_is_kept_as_it_was_typed_with_single_spaces():
    assert names.tidy("  Md.\t Abdul   KARIM \n") == "Md. Abdul KARIM"
    assert names.tidy_or_empty(None) == ""


def test_a_name_is_kept_in_one_form_of_its_letters():
    apart = unicodedata.normalize("NFD", "José")

    assert names.tidy(apart) == "José" != apart


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Md. Abdul Karim", "md abdul  karim"),
        ("Abdul-Karim", "abdul karim"),
        ("KARIM,  Abdul", "Karim Abdul"),
        ("José", unicodedata.normalize("NFD", "José")),
        ("রাড়ি", "রা\u09a1\u09bcি"),
        ("Karim ২", "Karim 2"),
        ("Straße", "STRASSE"),
    ],
)
def test_two_spellings_are_the_same_name(one, other):
    assert names.key(one) == names.key(other)


@pytest.mark.parametrize(("one", "other"), [("Karim", "Karima"), ("রহিম", "রহিমা"), ("কলা", "কালা"), ("Ma Ri", "Mari")])
def test_other_letters_are_another_name(one, other):
    assert names.key(one) != names.key(other)
