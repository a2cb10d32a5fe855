"""Phone numbers and addresses, read in every way people type them."""

import pytest

from doctapp.accounts import phones, ways
from doctapp.accounts.phones import NotAPhone
from doctapp.accounts.ways import NotAnAddress, Way
from doctapp.digits import bangla, latin

TYPED = [
    "+8801712345678", "8801712345678", "01712345678", "01712 345678", "01712-345678", "01712-345-678", "+880 1712 345678",
    "+880 1712-345678", "880 1712 345678", "00880 1712 345678", "(01712) 345678", "01712.345678", "  01712345678\n",
    "০১৭১২৩৪৫৬৭৮", "+৮৮০১৭১২৩৪৫৬৭৮", "০১৭১২-৩৪৫ ৬৭৮", "১৭১২৩৪৫৬৭৮", "\u202a+8801712345678\u202c", "01712\u00a0345678",
    "01712–345678",
]  # fmt: skip
NONE = [
    "", " ", "1", "999", "017123456", "0171234567", "017123456789", "01012345678", "02-9123456", "+1", "+99912345678",
    "phone", "call 01712345678", "01712345678 (Karim)", "tel:01712345678", "01712345678;ext=4", "x@b.01712345678",
    "01712345678@evil.example", "01712345678 01812345678", "01712345678/01812345678", "9" * 5000, "😀", "ফোন", "-", "+",
    "<script>", "0x1712345678",
]  # fmt: skip


@pytest.mark.parametrize("typed", TYPED, ids=ascii)
def test_every_way_to_type_a_number_is_the_same_number(typed):
    assert phones.e164(typed) == "+8801712345678"


@pytest.mark.parametrize("typed", NONE, ids=lambda typed: ascii(typed)[:30])
def test_what_is_no_mobile_number_is_refused_with_an_example(typed):
    with pytest.raises(NotAPhone) as refusal:
        phones.e164(typed)

    assert refusal.value.status == 422


@pytest.mark.parametrize("prefix", ["013", "014", "015", "016", "017", "018", "019"])
def test_every_operator_of_the_country_is_known(prefix):
    assert phones.e164(f"{prefix}12345678") == f"+880{prefix[1:]}12345678"


def test_a_number_of_another_country_is_one_too():
    assert phones.e164("+91 98765 43210") == "+919876543210"


@pytest.mark.parametrize("typed", TYPED, ids=ascii)
def test_a_phone_is_shown_as_it_was_typed(typed):
    assert ways.read(typed) == Way("phone", "+8801712345678", typed.strip())


@pytest.mark.parametrize("typed", ["Rahima@Example.COM", " rahima@example.com ", "rahima@example.com"])
def test_an_address_is_compared_without_case(typed):
    assert ways.read(typed) == Way("email", "rahima@example.com", typed.strip())


@pytest.mark.parametrize(
    "typed",
    ["@", "a@b", "@b.com", "a@", "a b@c.com", "a@b c.com", "a@@b.com", "a,b@c.com", "a@b.c", "<a@b.com>", 'a"@b.com', "a\nb@c.com",
     "a@b.com,c@d.com", "a" * 65 + "@b.com", "a@" + "b" * 181 + ".com", "ΐ" * 60 + "@" + "ΐ" * 60 + ".com"],
    ids=lambda typed: ascii(typed)[:30],
)  # fmt: skip
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(NotAnAddress):
        ways.read(typed)


def test_no_address_is_longer_than_its_column():
    assert len(ways.email("ß" * 60 + "@" + "a" * 120 + ".com")) <= ways.LONGEST


def test_digits_go_both_ways():
    assert latin(bangla("+880 1712-345678")) == "+880 1712-345678"
    assert bangla(2026) == "২০২৬"
