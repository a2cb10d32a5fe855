"""The forms of the office; each stands on a page several times, so that its fields bear the id of their row."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, RadioField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from doctapp.accounts.forms import BareForm, stripped
from doctapp.web.fields import offered

__all__ = ["BareForm", "DecisionForm", "SettlementForm"]
VERDICTS = {"stand": _l("Let it stand"), "back": _l("Give all of it back")}


class OneOfMany(FlaskForm):
    """A form whose own id, and whose fields', end with the id of the row they are about."""

    called = ""

    def __init__(self, row_id: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.form_id = f"{self.called}-{row_id}"
        fields: list[Field] = list(self)
        for field in fields:
            field.id = f"{field.name}-{row_id}"
            field.label.field_id = field.id


class DecisionForm(OneOfMany):
    """What becomes of flagged money."""

    called = "decision"

    verdict = RadioField(
        _l("What becomes of it?"),
        choices=offered(VERDICTS),
        validators=[InputRequired(_l("Choose what becomes of it"))],
    )


class SettlementForm(OneOfMany):
    """How a refund was paid back by hand."""

    called = "settlement"

    reference = StringField(
        _l("Reference of your payment"),
        filters=[stripped],
        validators=[DataRequired(_l("Type the reference by which the payment is found again")), Length(max=100)],
    )
