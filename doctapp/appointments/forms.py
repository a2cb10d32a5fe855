"""The forms of booking, deciding and cancelling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from doctapp.accounts import names, phones
from doctapp.accounts.forms import stripped
from doctapp.accounts.patients import OLDEST, SEX_WORDS
from doctapp.appointments import (
    cancelling,
    closing,
    deciding,
    lateness,
    looking,
    paying,
    references,
    sitting_cancellation,
)
from doctapp.appointments.life import VISIT_WORDS
from doctapp.doctors.models import Chamber
from doctapp.payments import wording
from doctapp.web.fields import WholeNumber, in_latin, offered, with_short_line_ends

BIGGEST = 2**31 - 1


class PlaceForm(FlaskForm):
    """One number of one sitting; stands on cacheable pages and so carries no token."""

    class Meta:
        csrf = False

    sitting = WholeNumber(validators=[InputRequired(), NumberRange(1, BIGGEST)])
    number = WholeNumber(
        validators=[InputRequired(_l("Choose a serial first")), NumberRange(1, 10_000, _l("Choose a serial first"))]
    )


class MoveForm(PlaceForm):
    """Another number of this or another sitting, and the event that was seen last."""

    class Meta:
        csrf = True

    event = WholeNumber(validators=[Optional(), NumberRange(1, BIGGEST)])


class WaitingForm(FlaskForm):
    """A phone to text when a place of a full sitting opens; stands on cacheable pages and so carries no token."""

    class Meta:
        csrf = False

    sitting = WholeNumber(validators=[InputRequired(), NumberRange(1, BIGGEST)])
    phone = StringField(
        _l("Mobile number"),
        id="waiting-phone",
        filters=[stripped],
        validators=[InputRequired(_l("Enter a mobile number with 11 digits, like 01712 345678")), Length(max=40)],
    )

    def validate_phone(self, field: StringField) -> None:
        try:
            phones.e164(field.data)
        except phones.NotAPhone as refusal:
            raise ValidationError(str(refusal)) from None


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
    """How it is paid, and the fee that was read; creates the request, so it carries a form key."""

    method = RadioField(
        _l("How do you want to pay?"),
        choices=offered(wording.METHODS),
        validators=[InputRequired(_l("Choose how to pay"))],
    )
    amount = RadioField(
        _l("How much now?"),
        choices=offered(wording.PARTS),
        default="whole",
        validators=[Optional()],
        validate_choice=False,
    )
    fee_seen = WholeNumber(validators=[Optional()])
    form_key = HiddenField(validators=[Length(max=64)])

    def offer(self, chamber: Chamber) -> None:
        """Offer the ways to pay that this chamber takes."""
        self.method.choices = offered({name: wording.METHODS[name] for name in paying.methods(chamber)})


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


class ReasonForm(FlaskForm):
    """Why the clinic or an admin cancels, by a reason of the list or in words, and the event that was seen last."""

    reason = RadioField(_l("Why?"), default="")
    words = TextAreaField(
        _l("Or say it in your own words"),
        filters=[stripped, with_short_line_ends],
        validators=[Length(max=200, message=_l("Write at most 200 letters"))],
    )
    event = WholeNumber(validators=[Optional(), NumberRange(1, BIGGEST)])

    def __init__(self, *, reasons: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reason.choices = offered({"": "", **reasons})

    @property
    def why(self) -> str:
        """The words where there are some, else the reason that was chosen."""
        return str(self.words.data or self.reason.data or "")

    def validate_reason(self, field: RadioField) -> None:
        if not self.why:
            raise ValidationError(_l("Choose a reason, or write one"))


class OutcomeForm(FlaskForm):
    """How an appointment that time closed really ended, and the event that was seen last."""

    outcome = RadioField(
        _l("What happened?"), choices=offered(closing.OUTCOMES), validators=[InputRequired(_l("Choose what happened"))]
    )
    event = WholeNumber(validators=[InputRequired(), NumberRange(1, BIGGEST)])


class TicketForm(FlaskForm):
    """The reference, typed as one likes, and the last four digits of the phone that booked."""

    ref = StringField(_l("Reference"), filters=[stripped], validators=[InputRequired(_l("Enter the reference"))])
    digits = StringField(
        _l("Last four digits of the phone"),
        filters=[stripped],
        validators=[InputRequired(_l("Enter the last four digits of the phone"))],
    )

    def validate_ref(self, field: StringField) -> None:
        if references.read(field.data) is None:
            raise ValidationError(_l("A reference has six letters and digits, like KQ7-4M2"))

    def validate_digits(self, field: StringField) -> None:
        typed = in_latin(field.data)
        if len(typed) != looking.DIGITS or not (typed.isascii() and typed.isdigit()):
            raise ValidationError(_l("Enter the last four digits of the phone"))


class SittingCancellationForm(FlaskForm):
    """Why the whole sitting is cancelled; the patients are told."""

    reason = RadioField(
        _l("Reason"), choices=offered(sitting_cancellation.REASONS), validators=[InputRequired(_l("Choose a reason"))]
    )


class LatenessForm(FlaskForm):
    """How many minutes late the doctor is; 0 for on time."""

    minutes = WholeNumber(_l("Minutes late"))

    def validate_minutes(self, field: WholeNumber) -> None:
        if field.data is None or not 0 <= field.data <= lateness.MOST:
            raise ValidationError(_l("Enter minutes from 0 to 240"))


class UndoForm(FlaskForm):
    """The event that shall be undone."""

    event = WholeNumber(validators=[InputRequired(), NumberRange(1, BIGGEST)])
