"""The sandbox of mail: letters lie in the inbox at /sandbox/letters."""

from __future__ import annotations

from doctapp.config import Settings
from doctapp.gateways import letters_inbox
from doctapp.gateways.mail import Mail
from doctapp.gateways.outcomes import refuse_in_transaction


class Sandbox:
    """Takes every mail and keeps it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def send(self, mail: Mail) -> None:
        """Put the mail into the inbox."""
        refuse_in_transaction()
        letters_inbox.keep(self.settings, channel="mail", to=mail.to, subject=mail.subject, text=mail.text)
