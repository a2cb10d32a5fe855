"""The forms of money."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from doctapp.accounts.forms import stripped


class ClaimForm(FlaskForm):
    """ "I paid, but nothing happened": by what the gateway calls the payment."""

    reference = StringField(
        _l("Number of the payment"),
        filters=[stripped],
        validators=[
            InputRequired(_l("Type the number that your bank or wallet shows for the payment")),
            Length(max=60),
        ],
    )
