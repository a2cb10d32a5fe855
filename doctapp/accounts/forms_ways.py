"""The forms of registering, of passwords, and of one's ways in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from doctapp.accounts import names, passwords, phones, ways
from doctapp.accounts.forms import stripped
from doctapp.errors import DomainError

NEEDED = InputRequired(_l("Enter your password"))
CHOSEN = InputRequired(_l("Choose a password"))


def address(form: FlaskForm, field: EmailField) -> None:
    """What is typed is an e-mail address."""
    try:
        ways.email(field.data)
    except ways.NotAnAddress:
        raise ValidationError(_l("Enter an e-mail address like name@example.com")) from None


def will_do(password: str, known: Iterable[str]) -> None:
    """A new password is long enough, and nobody's first guess."""
    try:
        passwords.check(password, known=known)
    except DomainError as refusal:
        raise ValidationError(str(refusal)) from None


def email_field() -> EmailField:
    """An e-mail address that is asked for."""
    return EmailField(
        _l("E-mail"), filters=[stripped], validators=[InputRequired(_l("Enter your e-mail address")), address]
    )


class AddressForm(FlaskForm):
    """Whose password was forgotten."""

    email = email_field()


class RegistrationForm(FlaskForm):
    """Name, address and password; a phone only if one likes."""

    name = StringField(_l("Full name"), filters=[names.tidy_or_empty], validators=[Length(max=120)])
    email = email_field()
    phone = StringField(_l("Mobile number"), filters=[stripped], validators=[Length(max=40)])
    password = PasswordField(_l("Password"), validators=[CHOSEN, Length(max=200)])

    def validate_name(self, field: StringField) -> None:
        if not names.is_name(field.data or ""):
            raise ValidationError(_l("Enter your name"))

    def validate_phone(self, field: StringField) -> None:
        if not field.data:
            return
        try:
            phones.e164(field.data)
        except phones.NotAPhone as refusal:
            raise ValidationError(str(refusal)) from None

    def validate_password(self, field: PasswordField) -> None:
        will_do(field.data or "", (self.name.data or "", self.email.data or ""))


class EmailForm(FlaskForm):
    """The password that was chosen when the address was registered."""

    password = PasswordField(_l("Password"), validators=[NEEDED, Length(max=200)])


class ResetForm(FlaskForm):
    """A new password; `known` is what others know of the person."""

    password = PasswordField(_l("New password"), validators=[CHOSEN, Length(max=200)])

    def __init__(self, *, known: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.known = known

    def validate_password(self, field: PasswordField) -> None:
        will_do(field.data or "", self.known)


class PasswordForm(ResetForm):
    """The password of now, where there is one, and the new one."""

    password = PasswordField(_l("New password"), id="new-password", validators=[CHOSEN, Length(max=200)])
    current = PasswordField(_l("Your password of now"), validators=[NEEDED, Length(max=200)])

    def __init__(self, *, has_one: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not has_one:
            del self.current


class NewWayForm(FlaskForm):
    """A phone or an e-mail address to add."""

    way = StringField(
        _l("Mobile number or e-mail"),
        id="way-field",
        filters=[stripped],
        validators=[InputRequired(_l("Enter a mobile number or an e-mail address")), Length(max=254)],
    )


class JoiningForm(FlaskForm):
    """Yes, join: the phone that was proven, and a form key, for it cannot be undone."""

    phone = HiddenField(validators=[InputRequired(), Length(max=20)])
    form_key = HiddenField(validators=[Length(max=64)])
