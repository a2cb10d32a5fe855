"""What forms of all rooms are made of: numbers in either digits, choices, ticks, and what was typed, put in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wtforms import IntegerField, SelectMultipleField
from wtforms.fields.choices import SelectChoice

from doctapp.digits import latin


def offered(words: Mapping[str, Any]) -> list[SelectChoice]:
    """What may be chosen, as WTForms wants it."""
    return [SelectChoice(value, word) for value, word in words.items()]


def in_latin(text: Any) -> Any:
    """Digits of either set as Latin ones."""
    return latin(text).strip() if isinstance(text, str) else text


def with_short_line_ends(text: str) -> str:
    """Line ends as the browser counts them: it sends two letters for each, against the longest that is allowed."""
    return text.replace("\r\n", "\n")


class WholeNumber(IntegerField):
    """A whole number in Latin or Bangla digits; what was typed is shown again as it was."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        """What is no number is nothing; the form's own rule then says what it wants."""
        try:
            self.data = int(in_latin(valuelist[0])) if valuelist else None
        except ValueError:
            self.data = None


class Ticks(SelectMultipleField):
    """Boxes of which several may be ticked; drawn by `ticks` of templates/ui/forms.html."""
