"""After a serialization failure or a deadlock the whole view runs again: nothing was sent, nothing was committed."""

from __future__ import annotations

import logging

from flask import Flask
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError

from doctapp.db import db, is_transient
from doctapp.web import cookies

log = logging.getLogger(__name__)
TRIES = 4


class RetryingFlask(Flask):
    """Flask that dispatches a view up to three times more when the database asks for it."""

    def dispatch_request(self) -> ResponseReturnValue:
        before = cookies.asked_for()
        for turn in range(1, TRIES + 1):
            try:
                return super().dispatch_request()
            except DBAPIError as error:
                if turn == TRIES or not is_transient(error):
                    raise
                log.info("the database asked to try again (%s)", turn)
                db.session.rollback()
                cookies.ask_for(before)
        raise AssertionError("unreachable")
