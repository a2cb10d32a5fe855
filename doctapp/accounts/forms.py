"""The forms of signing in."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, StringField
from wtforms.validators import InputRequired, Length


def stripped(text: str | None) -> str:
    """What was typed, without the spaces around it."""
    return (text or "").strip()


class LoginForm(FlaskForm):
    """E-mail and password."""

    email = EmailField(
        _l("E-mail"), filters=[stripped], validators=[InputRequired(_l("Enter your e-mail address")), Length(max=254)]
    )
    password = PasswordField(_l("Password"), validators=[InputRequired(_l("Enter your password")), Length(max=200)])


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
