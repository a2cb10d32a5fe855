"""Wall times as people type them: 17:00, 5pm, 5:30 pm, বিকাল ৫:৩০, in digits of either set."""

from __future__ import annotations

import re
import unicodedata

from doctapp.digits import latin
from doctapp.web.filters import PARTS_OF_DAY

TYPED = re.compile(r"(\D*?)\s*(\d{1,2})(?:[:.](\d{2}))?\s*(\D*)")
HALVES = {"am": 0, "pm": 12}
SPELT = {"বিকেল": "বিকাল", "দুপুরে": "দুপুর", "রাতে": "রাত", "সকালে": "সকাল", "বিকালে": "বিকাল", "সন্ধ্যায়": "সন্ধ্যা"}
O_CLOCK = {"টা", "টায়", "মিনিট"}


def minutes(text: str) -> int | None:
    """So many minutes after midnight; None where the text names no time, or not which half of the day."""
    found = TYPED.fullmatch(latin(unicodedata.normalize("NFC", text)).strip())
    if found is None:
        return None
    before, hour, minute = found[1].strip(), int(found[2]), int(found[3] or 0)
    half = found[4].replace(".", "").replace(" ", "").casefold()
    if minute > 59 or hour > 23:
        return None
    if before:
        return _in_part(SPELT.get(before, before), hour, minute) if _is_plain(half) else None
    if half in HALVES:
        return (hour % 12 + HALVES[half]) * 60 + minute if 1 <= hour <= 12 else None
    return hour * 60 + minute if not half and (found[3] or hour > 12) else None


def _is_plain(rest: str) -> bool:
    return not rest or unicodedata.normalize("NFC", rest) in {unicodedata.normalize("NFC", word) for word in O_CLOCK}


def _in_part(part: str, hour: int, minute: int) -> int | None:
    """The hour of that part of the day as pages say it; of a part said loosely the likelier half."""
    parts = {unicodedata.normalize("NFC", name): end for end, name in PARTS_OF_DAY}
    if part not in parts or not 1 <= hour <= 12:
        return None
    both = (hour % 12, hour % 12 + 12)
    said = [one for one in both if unicodedata.normalize("NFC", _part_of(one)) == part]
    loosely = both[parts[part] > 12]
    return (said[0] if said else loosely) * 60 + minute


def _part_of(hour: int) -> str:
    return next(name for end, name in PARTS_OF_DAY if hour < end)
