"""The sandbox of SMS: texts lie in the inbox at /sandbox/letters."""

from __future__ import annotations

from doctapp.config import Settings
from doctapp.gateways import letters_inbox
from doctapp.gateways.outcomes import refuse_in_transaction
from doctapp.gateways.sms import Sms


class Sandbox:
    """Takes every text and keeps it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def send(self, sms: Sms) -> None:
        """Put the text into the inbox."""
        refuse_in_transaction()
        letters_inbox.keep(self.settings, channel="sms", to=sms.to, subject="", text=sms.text)
