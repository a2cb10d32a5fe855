"""The forms of hours, leave, extra sittings and a chamber's settings."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, ValidationError

from doctapp.accounts.forms import stripped
from doctapp.doctors.fees import HIGHEST_TAKA
from doctapp.schedules.extras import Wanted
from doctapp.schedules.fields import ClockTime, DayField
from doctapp.schedules.hours import Span
from doctapp.schedules.leave import Away
from doctapp.web.fields import Ticks, WholeNumber
from doctapp.web.filters import WEEKDAYS

DAY = 24 * 60
LONGEST = 16 * 60
MOST_MINUTES, MOST_PATIENTS = 240, 300
WEEK = (5, 6, 0, 1, 2, 3, 4)  # Bangladesh's begins on Saturday
LONGEST_LEAVE = timedelta(days=366)
FARTHEST_WAIT = 14 * DAY
LONGEST_REFUND = 14 * 24


class SpanForm(FlaskForm):
    """From, to, and how many patients; minutes or patients may be left out, and are derived."""

    start = ClockTime(_l("From"))
    end = ClockTime(_l("To"))
    minutes = WholeNumber(_l("Minutes each"))
    capacity = WholeNumber(_l("Patients at most"))

    @property
    def until(self) -> int:
        """When it ends, in minutes after the midnight before it begins: an earlier time is after the next midnight."""
        end: int = self.end.data
        return end if end > self.start.data else end + DAY

    @property
    def size(self) -> tuple[int, int]:
        """Minutes for each, and how many at most."""
        length = self.until - self.start.data
        minutes = self.minutes.data or length // self.capacity.data
        return minutes, self.capacity.data or length // minutes

    def validate_start(self, field: ClockTime) -> None:
        if field.data is None:
            raise ValidationError(_l("Enter when it begins, as 5pm or 17:00"))

    def validate_end(self, field: ClockTime) -> None:
        if field.data is None:
            raise ValidationError(_l("Enter when it ends, as 9pm or 21:00"))
        if self.start.data is not None and (field.data == self.start.data or self.until - self.start.data > LONGEST):
            raise ValidationError(_l("Enter an end at most 16 hours after the beginning"))

    def validate_minutes(self, field: WholeNumber) -> None:
        if not typed(field) and not typed(self.capacity):
            raise ValidationError(_l("Enter the minutes each patient takes, or how many patients you see"))
        check_whole(field, 1, MOST_MINUTES, _l("Enter from 1 to 240 minutes"))

    def validate_capacity(self, field: WholeNumber) -> None:
        check_whole(field, 1, MOST_PATIENTS, _l("Enter from 1 to 300 patients"))
        others = (self.start, self.end, self.minutes)
        if any(other.errors for other in others) or self.start.data is None or self.end.data is None:
            return
        length = self.until - self.start.data
        if (self.minutes.data or 1) * (field.data or 1) > length:
            raise ValidationError(_l("So many patients do not fit between these times"))


def typed(field: WholeNumber) -> bool:
    """Whether anything was typed there."""
    return bool(field.raw_data and str(field.raw_data[0]).strip())


def check_whole(field: WholeNumber, least: int, most: int, sentence: Any) -> None:
    """Refuse what is no whole number in these bounds; what was left out passes."""
    if typed(field) and (field.data is None or not least <= field.data <= most):
        raise ValidationError(sentence)


class HoursForm(SpanForm):
    """The hours of a weekday at a chamber; `seen` stands only beside a list of conflicts."""

    chamber = WholeNumber()
    weekday = SelectField(
        _l("Day"), coerce=int, choices=[SelectChoice(day, WEEKDAYS[day]) for day in WEEK], validators=[InputRequired()]
    )
    seen = HiddenField(validators=[Length(max=64)])

    @property
    def span(self) -> Span:
        minutes, capacity = self.size
        return Span(self.weekday.data, self.start.data, self.until, minutes, capacity)


class RemovalForm(FlaskForm):
    """A button that takes something away, perhaps beside a list of conflicts."""

    seen = HiddenField(validators=[Length(max=64)])


class ExtraForm(SpanForm):
    """A sitting beside the weekly hours."""

    chamber = WholeNumber()
    day = DayField(_l("Date"))
    form_key = HiddenField(validators=[Length(max=64)])

    @property
    def wanted(self) -> Wanted:
        minutes, capacity = self.size
        return Wanted(self.day.data, self.start.data, self.until, minutes, capacity)

    def validate_day(self, field: DayField) -> None:
        if field.data is None:
            raise ValidationError(_l("Enter a date"))


class ConflictForm(FlaskForm):
    """What every form of leave carries: where, the key, and beside a list what was seen of it and what shall happen."""

    chamber = SelectField(_l("Where"))
    form_key = HiddenField(validators=[Length(max=64)])
    seen = HiddenField(validators=[Length(max=64)])
    then = SelectField(choices=[SelectChoice(one, one) for one in ("", "keep", "cancel")], default="")

    def __init__(self, *, places: list[SelectChoice], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.chamber.choices = places
        if self.chamber.data is None:
            self.chamber.data = places[0].value

    @property
    def chamber_id(self) -> int | None:
        """The chamber chosen; None is everywhere."""
        return int(self.chamber.data) if self.chamber.data else None


FIRST_DAY = DayField(_l("From"))


class LeaveForm(ConflictForm):
    """Days without sittings; its field `from`, a name that Python keeps to itself, is read as `first`."""

    to = DayField(_l("To"))
    start = ClockTime(_l("From, each day"))
    end = ClockTime(_l("To, each day"))
    reason = StringField(
        _l("Reason"), filters=[stripped], validators=[Length(max=200, message=_l("Write at most 200 letters"))]
    )

    def __init__(self, *, today: date, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.today = today

    @property
    def first(self) -> DayField:
        field: DayField = self["from"]
        return field

    @property
    def away(self) -> Away:
        part = self.start.data is not None
        until = self.end.data if part and self.end.data > self.start.data else (self.end.data or 0) + DAY
        last = self.to.data or self.first.data
        return Away(
            self.chamber_id, self.first.data, last, self.start.data, until if part else None, self.reason.data or ""
        )

    def validate_from(self, field: DayField) -> None:
        if field.data is None:
            raise ValidationError(_l("Enter the first day"))
        if field.data < self.today and (self.to.data or field.data) < self.today:
            raise ValidationError(_l("These days are past"))

    def validate_to(self, field: DayField) -> None:
        if field.data is None:
            if field.raw_data and str(field.raw_data[0]).strip():
                raise ValidationError(_l("Enter the last day"))
            return
        first = self.first.data
        if first is not None and not first <= field.data <= first + LONGEST_LEAVE:
            raise ValidationError(_l("Enter a last day within a year after the first"))

    def validate_start(self, field: ClockTime) -> None:
        if field.data is None and (field.typed or self.end.typed):
            raise ValidationError(_l("Enter when it begins, as 5pm or 17:00"))

    def validate_end(self, field: ClockTime) -> None:
        if field.data is None and (field.typed or self.start.typed):
            raise ValidationError(_l("Enter when it ends, as 9pm or 21:00"))
        if field.data is not None and field.data == self.start.data:
            raise ValidationError(_l("Enter an end after the beginning"))


setattr(LeaveForm, "from", FIRST_DAY)


class HolidaysForm(ConflictForm):
    """Public holidays to be ticked off."""

    days = Ticks(_l("Holidays"))

    def __init__(self, *, offered: list[SelectChoice], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.days.choices = offered

    def validate_days(self, field: Ticks) -> None:
        if not field.data:
            raise ValidationError(_l("Tick at least one holiday"))


ONLINE_WORDS = {
    "advance": _l("Only an advance"),
    "whole": _l("The whole fee"),
    "either": _l("As the patient likes"),
}


class SettingsForm(FlaskForm):
    """How a chamber takes bookings and money; at the chamber one can always pay, so only the other ways are ticked."""

    lead = WholeNumber(_l("Bookings close, minutes before"))
    cut_off = WholeNumber(_l("Patients may cancel and move until, minutes before"))
    acceptance = RadioField(
        _l("Requests"),
        choices=[SelectChoice("hand", _l("I accept each one by hand")), SelectChoice("auto", _l("Book at once"))],
        validators=[InputRequired(_l("Choose how requests are accepted"))],
    )

    ways = Ticks(_l("Ways to pay before the visit"))
    online_part = RadioField(
        _l("How much is paid then?"),
        choices=[SelectChoice(value, word) for value, word in ONLINE_WORDS.items()],
        default="whole",
        validators=[InputRequired(_l("Choose how much is paid"))],
    )
    advance = WholeNumber(_l("The advance, in taka"))
    refund_hours = WholeNumber(_l("All money goes back until, hours before"))
    refund_percent = WholeNumber(_l("Later goes back, in percent"))

    def __init__(self, *, offered: list[SelectChoice], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ways.choices = offered

    def validate_lead(self, field: WholeNumber) -> None:
        if field.data is None or not 0 <= field.data <= FARTHEST_WAIT:
            raise ValidationError(_l("Enter minutes, from 0 to 20,160 (two weeks)"))

    validate_cut_off = validate_lead

    def validate_advance(self, field: WholeNumber) -> None:
        needed = bool(self.ways.data) and self.online_part.data != "whole"
        least = 1 if needed else 0
        if needed and field.data is None:
            raise ValidationError(_l("Enter the advance in whole taka"))
        check_whole(field, least, HIGHEST_TAKA, _l("Enter a whole amount in taka, from 1 to 100,000"))

    def validate_refund_hours(self, field: WholeNumber) -> None:
        if field.data is None or not 0 <= field.data <= LONGEST_REFUND:
            raise ValidationError(_l("Enter hours, from 0 to 336 (two weeks)"))

    def validate_refund_percent(self, field: WholeNumber) -> None:
        if field.data is None or not 0 <= field.data <= 100:
            raise ValidationError(_l("Enter a share from 0 to 100"))


class RemindersForm(FlaskForm):
    """Which reminders a clinic's patients get."""

    day_before = BooleanField()
    same_day = BooleanField()


def filled(form: SpanForm, span: Span | None) -> SpanForm:
    """The form, with the hours of a row in it."""
    if span is not None:
        form.start.data, form.end.data = span.start, span.until % DAY
        form.minutes.data, form.capacity.data = span.minutes, span.capacity
    return form


def numbered(form: FlaskForm, key: str) -> FlaskForm:
    """The form with ids of its own, so that several stand on one page."""
    for field in form:
        field.id = f"{field.name}-{key}"
    return form
