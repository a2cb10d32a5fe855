"""How many SMS a text costs: 160 letters of the GSM alphabet or 70 of any other, and less in each of several."""

from __future__ import annotations

GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_ESCAPED = frozenset("\f^{}\\[~]|€")


def segments(text: str) -> int:
    """The number of SMS that this text is sent as."""
    if all(letter in GSM or letter in GSM_ESCAPED for letter in text):
        return _count([2 if letter in GSM_ESCAPED else 1 for letter in text], alone=160, each=153)
    return _count([2 if ord(letter) > 0xFFFF else 1 for letter in text], alone=70, each=67)


def _count(widths: list[int], *, alone: int, each: int) -> int:
    """One where it fits alone; else whole letters are put into each, none is cut in two."""
    if sum(widths) <= alone:
        return 1
    count, room = 1, each
    for width in widths:
        if width > room:
            count, room = count + 1, each
        room -= width
    return count
