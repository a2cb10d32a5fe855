"""The forms of signing in, of one's account and of one's family."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, HiddenField, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from doctapp.accounts import names, patients
from doctapp.web.fields import WholeNumber, offered

REMEMBER_ME = _l("Remember me on this device")


def stripped(text: str | None) -> str:
    """What was typed, without the spaces around it."""
    return (text or "").strip()


class LoginForm(FlaskForm):
    """E-mail and password."""

    email = EmailField(
        _l("E-mail"), filters=[stripped], validators=[InputRequired(_l("Enter your e-mail address")), Length(max=254)]
    )
    password = PasswordField(_l("Password"), validators=[InputRequired(_l("Enter your password")), Length(max=200)])
    remember = BooleanField(REMEMBER_ME)


class AgainForm(FlaskForm):
    """The password once more, from somebody who is signed in."""

    password = PasswordField(_l("Password"), validators=[InputRequired(_l("Enter your password")), Length(max=200)])


class WayForm(FlaskForm):
    """Which of one's own phones or addresses a code is sent to."""

    way = RadioField(_l("Send a code to"), validators=[InputRequired(_l("Choose where we send the code"))])


class BareForm(FlaskForm):
    """Nothing but its token."""


class PhoneLoginForm(FlaskForm):
    """A phone or an e-mail address to send a code to."""

    phone = StringField(
        _l("Mobile number or e-mail"),
        filters=[stripped],
        validators=[
            InputRequired(_l("Enter a mobile number with 11 digits, like 01712 345678")),
            Length(max=254),
        ],
    )


class CodeForm(FlaskForm):
    """The five digits that were sent."""

    code = StringField(
        _l("Code"),
        id="code-field",
        filters=[stripped],
        validators=[InputRequired(_l("Type the five digits of the code")), Length(max=20)],
    )
    remember = BooleanField(_l("This is my own phone"))


class AppCodeForm(FlaskForm):
    """The six digits that the authenticator app shows."""

    code = StringField(
        _l("Code of the app"),
        id="code-field",
        filters=[stripped],
        validators=[InputRequired(_l("Type the six digits that the app shows")), Length(max=20)],
    )


class AccountForm(FlaskForm):
    """What one's account says: the phone and the e-mail are only taken over once they are proven."""

    name = StringField(_l("Full name"), filters=[names.tidy_or_empty], validators=[Length(max=120)])
    phone = StringField(_l("Mobile number"), filters=[stripped], validators=[Length(max=40)])
    email = EmailField(_l("E-mail"), filters=[stripped], validators=[Length(max=254)])
    address = StringField(_l("Address"), filters=[names.tidy_or_empty], validators=[Length(max=200)])
    language = RadioField(
        _l("Language"),
        id="account-language",
        choices=offered({"bn": "বাংলা", "en": "English"}),
        validators=[InputRequired(_l("Choose the language"))],
    )

    def validate_name(self, field: StringField) -> None:
        if not names.is_name(field.data):
            raise ValidationError(_l("Enter your name"))


class RelativeForm(FlaskForm):
    """Somebody on one's list: name, age, sex; perhaps oneself. Adding creates, so it carries a form key."""

    name = StringField(_l("Full name"), filters=[names.tidy_or_empty], validators=[Length(max=120)])
    age = WholeNumber(_l("Age in years"))
    sex = SelectField(_l("Sex"), choices=offered({"": _l("Choose"), **patients.SEX_WORDS}))
    oneself = BooleanField(_l("This is me"))
    same = HiddenField(validators=[Length(max=20)])
    form_key = HiddenField(validators=[Length(max=64)])

    def validate_name(self, field: StringField) -> None:
        if not names.is_name(field.data):
            raise ValidationError(_l("Enter the name, as the doctor should call it out"))

    def validate_age(self, field: WholeNumber) -> None:
        if field.data is None or not 0 <= field.data <= patients.OLDEST:
            raise ValidationError(_l("Enter the age in years, from 0 to 120"))

    def validate_sex(self, field: SelectField) -> None:
        if not field.data:
            raise ValidationError(_l("Choose female, male or other"))
