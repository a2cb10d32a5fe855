"""Bangla digits in and out: people type either set; pages in Bangla show their own (ux.md, 2.9)."""

TO_BANGLA = str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯")
TO_LATIN = str.maketrans("০১২৩৪৫৬৭৮৯", "0123456789")


def bangla(text: object) -> str:
    """The text with its digits in Bangla."""
    return str(text).translate(TO_BANGLA)


def latin(text: str) -> str:
    """The text with its digits in Latin, as stored and computed with."""
    return text.translate(TO_LATIN)
