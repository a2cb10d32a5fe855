"""Phone numbers: read in any way people type them, stored as E.164, shown as typed."""

from __future__ import annotations

import phonenumbers
from flask_babel import lazy_gettext as _l

from doctapp.digits import latin
from doctapp.errors import DomainError

REGION = "BD"


class NotAPhone(DomainError):
    """What was typed is no mobile number."""

    status = 422
    message = _l("Enter a mobile number with 11 digits, like 01712 345678")


def e164(typed: str) -> str:
    """The number as +8801712345678; takes +880, 880, 01…, spaces, dashes and Bangla digits."""
    text = latin(typed).strip()
    if any(c.isalpha() or c in "@;" for c in text):
        raise NotAPhone
    if text.startswith("880"):
        text = f"+{text}"
    try:
        number = phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException:
        raise NotAPhone from None
    mobile = phonenumbers.number_type(number) in {
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    }
    if not phonenumbers.is_valid_number(number) or not mobile:
        raise NotAPhone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
