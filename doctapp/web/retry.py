"""After a serialization failure or a deadlock the whole view runs again: nothing was sent, nothing was committed."""

from __future__ import annotations

import logging

from flask import Flask, g
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError

from doctapp.db import db, is_transient

log = logging.getLogger(__name__)
TRIES = 4


class RetryingFlask(Flask):
    """Flask that dispatches a view up to three times more when the database asks for it."""

    def dispatch_request(self) -> ResponseReturnValue:
        for turn in range(1, TRIES + 1):
            try:
                return super().dispatch_request()
            except DBAPIError as error:
                if turn == TRIES or not is_transient(error):
                    raise
                log.info("the database asked to try again (%s)", turn)
                db.session.rollback()
                g.pop("new_session", None)
        raise AssertionError("unreachable")
