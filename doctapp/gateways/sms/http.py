"""SMS by any gateway that takes a GET: its address is a template, its success a pattern."""

from __future__ import annotations

import re
from urllib.parse import quote

import requests

from doctapp.config import Settings
from doctapp.gateways.connections import TIMEOUTS, outcome
from doctapp.gateways.outcomes import Refused, Unreachable, refuse_in_transaction
from doctapp.gateways.sms import Sms


class Http:
    """Hands texts to the HTTP gateway of the settings; no error it raises holds the address, which holds the text."""

    def __init__(self, settings: Settings) -> None:
        self.template = settings.sms_url
        self.success = settings.sms_success

    def send(self, sms: Sms) -> None:
        """Hand over one text; returns once the gateway said that it took it."""
        refuse_in_transaction()
        answer = self._ask(self._address(sms))
        status = answer.status_code
        if status == 429 or status >= 500 or 300 <= status < 400:
            raise Unreachable(f"the gateway answered {status}")
        if status >= 400:
            raise Refused(f"the gateway answered {status}")
        if self.success and not re.search(self.success, answer.text):
            raise Unreachable(f"the gateway answered {status} without its word of success")

    def _address(self, sms: Sms) -> str:
        """The address to ask: `{to}` is the number as +880…, `{digits}` as 880…, `{text}` the words."""
        said = {"{to}": sms.to, "{digits}": sms.to.lstrip("+"), "{text}": sms.text}
        return re.sub(r"{(?:to|digits|text)}", lambda found: quote(said[found[0]], ""), self.template)

    def _ask(self, address: str) -> requests.Response:
        try:
            return requests.get(address, timeout=TIMEOUTS, allow_redirects=False)
        except requests.RequestException as failed:
            raise outcome(failed) from None
