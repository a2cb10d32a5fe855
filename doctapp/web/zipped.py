"""Every page is sent compressed, refusals too: on a slow line a form that comes back to be corrected is one more page."""

from __future__ import annotations

from flask import Response
from flask_compress import Compress


class Zipped(Compress):
    """The library leaves whatever is not 2xx as it is; this one compresses 4xx and 5xx as well."""

    def after_request(self, response: Response | None) -> Response:
        """Compress, whatever the status."""
        if response is None or response.status_code < 400:
            return super().after_request(response)
        status, response.status_code = response.status_code, 200
        try:
            return super().after_request(response)
        finally:
            response.status_code = status
