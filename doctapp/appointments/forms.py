"""The forms of booking, deciding and cancelling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from doctapp.accounts import names, phones
from doctapp.accounts.forms import stripped
from doctapp.appointments import cancelling, deciding
from doctapp.appointments.life import SEX_WORDS, VISIT_WORDS
from doctapp.digits import latin

OLDEST = 120
BIGGEST = 2**31 - 1


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


class PlaceForm(FlaskForm):
    """One number of one sitting; stands on cacheable pages and so carries no token."""

    class Meta:
        csrf = False

    sitting = WholeNumber(validators=[InputRequired(), NumberRange(1, BIGGEST)])
    number = WholeNumber(
        validators=[InputRequired(_l("Choose a serial first")), NumberRange(1, 10_000, _l("Choose a serial first"))]
    )


class PatientForm(FlaskForm):
    """Who the appointment is for; a known relative needs no name, a proven phone is not asked again."""

    who = RadioField(_l("Patient"), validators=[InputRequired(_l("Choose whom the appointment is for"))])
    name = StringField(_l("Full name"), filters=[names.tidy_or_empty], validators=[Length(max=120)])
    age = WholeNumber(_l("Age in years"))
    sex = SelectField(_l("Sex"), choices=offered({"": _l("Choose"), **SEX_WORDS}))
    phone = StringField(_l("Mobile number"), filters=[stripped], validators=[Length(max=40)])
    visit = RadioField(
        _l("Visit"),
        choices=offered(VISIT_WORDS),
        default="new",
        validators=[InputRequired(_l("Choose the visit"))],
    )
    reason = TextAreaField(
        _l("What is the problem?"),
        filters=[stripped, with_short_line_ends],
        validators=[Length(max=200, message=_l("Write at most 200 letters"))],
    )

    def __init__(self, *, people: Mapping[str, Any], known: set[str], asks_phone: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.who.choices = offered(people)
        self.known = known
        self.asks_phone = asks_phone
        self.ages: dict[str, int] = {}

    @property
    def typed(self) -> bool:
        """Whether name, age and sex are typed here, not known from before."""
        return self.who.data not in self.known

    def validate_name(self, field: StringField) -> None:
        if self.typed and not names.is_name(field.data):
            raise ValidationError(_l("Enter the name, as the doctor should call it out"))

    def validate_age(self, field: WholeNumber) -> None:
        if self.typed and (field.data is None or not 0 <= field.data <= OLDEST):
            raise ValidationError(_l("Enter the age in years, from 0 to 120"))

    def validate_sex(self, field: SelectField) -> None:
        if self.typed and not field.data:
            raise ValidationError(_l("Choose female, male or other"))

    def validate_phone(self, field: StringField) -> None:
        if not self.asks_phone:
            return
        try:
            phones.e164(field.data)
        except phones.NotAPhone as refusal:
            raise ValidationError(str(refusal)) from None


class PaymentForm(FlaskForm):
    """How it is paid; creates the request, so it carries a form key."""

    method = RadioField(
        _l("How do you want to pay?"),
        choices=offered({"chamber": _l("Pay at the chamber")}),
        validators=[InputRequired(_l("Choose how to pay"))],
    )
    form_key = HiddenField(validators=[Length(max=64)])


class ResendForm(FlaskForm):
    """Another code, to the same phone or a corrected one."""

    phone = StringField(
        _l("Mobile number"), id="resend-phone", filters=[stripped], validators=[InputRequired(), Length(max=40)]
    )

    def validate_phone(self, field: StringField) -> None:
        try:
            phones.e164(field.data)
        except phones.NotAPhone as refusal:
            raise ValidationError(str(refusal)) from None


class BareForm(FlaskForm):
    """A form of one button."""


class RefusalForm(FlaskForm):
    """Why the doctor can't."""

    reason = RadioField(
        _l("Reason"), choices=offered(deciding.REASONS), validators=[InputRequired(_l("Choose a reason"))]
    )


class CancellationForm(FlaskForm):
    """Why the patient cancels, which may be left out, and the event that the patient saw last."""

    reason = RadioField(
        _l("Why?"), choices=offered({"": "", **cancelling.REASONS}), default="", validators=[Optional()]
    )
    event = WholeNumber(validators=[Optional(), NumberRange(1, BIGGEST)])


class UndoForm(FlaskForm):
    """The event that shall be undone."""

    event = WholeNumber(validators=[InputRequired(), NumberRange(1, BIGGEST)])
