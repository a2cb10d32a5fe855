"""What a failed HTTP call means: the other side surely did nothing, or perhaps it did."""

from __future__ import annotations

import logging
import ssl

import requests
from urllib3.exceptions import NewConnectionError

from doctapp.gateways.outcomes import NotSent, Unknown, Unreachable

TIMEOUTS = (3.0, 10.0)  # to connect, to answer

logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)  # its debug lines hold addresses, so texts and keys


def outcome(failed: BaseException | None) -> NotSent:
    """How the call ended, in words that hold neither address nor content."""
    if isinstance(failed, requests.ConnectionError):
        if _never_connected(failed):
            return Unreachable("the gateway could not be reached")
        return Unknown("the connection to the gateway was lost")
    if isinstance(failed, requests.Timeout):
        return Unknown("the gateway did not answer in time")
    if isinstance(failed, requests.RequestException) and isinstance(failed, ValueError):  # it can't be asked at all
        return Unreachable(f"the gateway's address is wrong ({type(failed).__name__})")
    return Unknown(f"the gateway's answer was broken ({type(failed).__name__})")


def _never_connected(failed: requests.ConnectionError) -> bool:
    """Whether the gateway can't have seen the request: no connection, no proxy, no trusted certificate."""
    if isinstance(failed, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    reason = getattr(failed.args[0] if failed.args else None, "reason", None)
    cause = reason.args[0] if reason is not None and reason.args else None
    return isinstance(reason, NewConnectionError) or isinstance(cause, ssl.SSLCertVerificationError)
