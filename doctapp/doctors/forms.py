"""The forms of a doctor's profile and of a chamber's fees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField
from wtforms.validators import Length, ValidationError

from doctapp.accounts.forms import stripped
from doctapp.accounts.names import tidy_or_empty
from doctapp.doctors.fees import HIGHEST_TAKA, LONGEST_DAYS
from doctapp.doctors.profile import LANGUAGES
from doctapp.web.fields import Ticks, WholeNumber, offered, with_short_line_ends

FIRST_YEAR = 1945
LONGEST_ABOUT = 2000


def line(label: Any, most: int) -> StringField:
    """A line of text of at most so many letters."""
    return StringField(
        label, filters=[tidy_or_empty], validators=[Length(max=most, message=_l("Write it shorter, please"))]
    )


def text(label: Any) -> TextAreaField:
    """A text of some lines."""
    short_enough = Length(max=LONGEST_ABOUT, message=_l("Write at most 2000 letters"))
    return TextAreaField(label, filters=[stripped, with_short_line_ends], validators=[short_enough])


class ProfileForm(FlaskForm):
    """What a doctor says in public, in Bangla, in English or in both."""

    title_en = line(_l("Title and post, in English"), 200)
    title_bn = line(_l("Title and post, in Bangla"), 200)
    degrees_en = line(_l("Degrees, in English"), 200)
    degrees_bn = line(_l("Degrees, in Bangla"), 200)
    college_en = line(_l("Medical college, in English"), 120)
    college_bn = line(_l("Medical college, in Bangla"), 120)
    passing_year = WholeNumber(_l("Year of passing"))
    specialties = Ticks(_l("Specialties"), id="fields-of-medicine")
    languages = Ticks(_l("Languages you speak with patients"), choices=offered(LANGUAGES))
    about_en = text(_l("About you, in English"))
    about_bn = text(_l("About you, in Bangla"))

    def __init__(self, *, specialties: Mapping[str, str], this_year: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.specialties.choices = offered(specialties)
        self.this_year = this_year

    def validate_degrees_en(self, field: StringField) -> None:
        if not (field.data or self.degrees_bn.data):
            raise ValidationError(_l("Write your degrees in Bangla, in English or in both"))

    def validate_college_en(self, field: StringField) -> None:
        if not (field.data or self.college_bn.data):
            raise ValidationError(_l("Write the college in Bangla, in English or in both"))

    def validate_passing_year(self, field: WholeNumber) -> None:
        if field.data is None or not FIRST_YEAR <= field.data <= self.this_year:
            raise ValidationError(_l("Enter the year in which you passed, like 2009"))

    def validate_specialties(self, field: Ticks) -> None:
        if not field.data:
            raise ValidationError(_l("Choose at least one specialty"))

    def validate_languages(self, field: Ticks) -> None:
        if not field.data:
            raise ValidationError(_l("Choose at least one language"))


class FeesForm(FlaskForm):
    """What a visit costs in a chamber, in taka; the room, and the languages spoken there."""

    fee_new = WholeNumber(_l("New visit, in taka"))
    fee_follow_up = WholeNumber(_l("Follow-up, in taka"))
    follow_up_days = WholeNumber(_l("Follow-up within how many days"))
    fee_report = WholeNumber(_l("Only to show a report, in taka"))
    report_days = WholeNumber(_l("Report within how many days"))
    room_en = line(_l("Room, in English"), 80)
    room_bn = line(_l("Room, in Bangla"), 80)
    languages = Ticks(_l("Languages spoken in this chamber"), choices=offered(LANGUAGES))

    def validate_fee_new(self, field: WholeNumber) -> None:
        if field.data is None or not 0 <= field.data <= HIGHEST_TAKA:
            raise ValidationError(_l("Enter a whole amount in taka, from 0 to 100,000"))

    validate_fee_follow_up = validate_fee_new
    validate_fee_report = validate_fee_new

    def validate_follow_up_days(self, field: WholeNumber) -> None:
        if field.data is None or not 1 <= field.data <= LONGEST_DAYS:
            raise ValidationError(_l("Enter a number of days, from 1 to 365"))

    validate_report_days = validate_follow_up_days
