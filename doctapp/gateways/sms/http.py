"""SMS by any gateway that takes a GET: its address is a template, its success a pattern."""

from __future__ import annotations

import logging
import re
import ssl
from urllib.parse import quote

import requests
from urllib3.exceptions import NewConnectionError

from doctapp.config import Settings
from doctapp.gateways.outcomes import Refused, Unknown, Unreachable, refuse_in_transaction
from doctapp.gateways.sms import Sms

TIMEOUTS = (3.0, 10.0)  # to connect, to answer

logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)  # its debug lines hold addresses, so the texts


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
        except requests.ConnectionError as failed:
            if _never_connected(failed):
                raise Unreachable("the gateway could not be reached") from None
            raise Unknown("the connection to the gateway was lost") from None
        except requests.Timeout:
            raise Unknown("the gateway did not answer in time") from None
        except requests.RequestException as failed:
            if isinstance(failed, ValueError):  # an address that can't be asked at all
                raise Unreachable(f"the gateway's address is wrong ({type(failed).__name__})") from None
            raise Unknown(f"the gateway's answer was broken ({type(failed).__name__})") from None


def _never_connected(failed: requests.ConnectionError) -> bool:
    """Whether the gateway can't have seen the request: no connection, no proxy, no trusted certificate."""
    if isinstance(failed, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    reason = getattr(failed.args[0] if failed.args else None, "reason", None)
    cause = reason.args[0] if reason is not None and reason.args else None
    return isinstance(reason, NewConnectionError) or isinstance(cause, ssl.SSLCertVerificationError)
