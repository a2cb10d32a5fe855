"""Mail by SMTP, with Flask-Mail."""

from __future__ import annotations

import smtplib
import ssl
import time
from email.policy import SMTP as SMTP_POLICY
from email.utils import parseaddr
from types import TracebackType
from typing import Any

import flask_mail

from doctapp import extensions
from doctapp.config import Settings, flask_settings
from doctapp.gateways.mail import Mail
from doctapp.gateways.outcomes import NotSent, Refused, Unknown, Unreachable, refuse_in_transaction

SECONDS_A_STEP = 10.0
SECONDS_IN_ALL = 25.0  # of talk before the letter itself; a delivery's lease must outlive all of it


class TimedSmtp(smtplib.SMTP):
    """SMTP that gives up a slow talk, and says when a letter may have been taken."""

    def __init__(self, host: str, port: int, **given: Any) -> None:
        self.talk_ends = time.monotonic() + SECONDS_IN_ALL
        super().__init__(host, port, timeout=SECONDS_A_STEP, **given)

    def putcmd(self, cmd: str, args: str = "") -> None:
        """Send a command while there is time."""
        self._hurry()
        super().putcmd(cmd, args)

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Send the letter itself: from here on a lost connection leaves it unknown whether it was taken."""
        self._hurry()
        try:
            return super().data(msg)
        except smtplib.SMTPDataError:
            raise
        except (OSError, smtplib.SMTPServerDisconnected) as lost:
            raise Unknown(f"the connection was lost after DATA ({type(lost).__name__})") from lost

    def _hurry(self) -> None:
        if time.monotonic() > self.talk_ends:
            raise smtplib.SMTPServerDisconnected("the server was too slow")


class TimedSmtpOverTls(TimedSmtp, smtplib.SMTP_SSL):
    """The same on a port that speaks TLS from the first byte (465)."""


class UnfoldedMessage(flask_mail.Message):
    """Flask-Mail's message without its second folding, which loses blanks in long Bangla subjects."""

    def _message(self) -> Any:
        message = super()._message()
        message.policy = SMTP_POLICY.clone(refold_source="none")
        return message


class TimedConnection(flask_mail.Connection):
    """Flask-Mail's connection with timeouts, a checked certificate, and an end that can't undo a success."""

    def __enter__(self) -> TimedConnection:
        self.host = self.configure_host()
        return self

    def configure_host(self) -> smtplib.SMTP:
        host = self._connected()
        if self.mail.use_tls:
            host.starttls(context=ssl.create_default_context())
        if self.mail.username and self.mail.password:
            host.login(self.mail.username, self.mail.password)
        return host

    def _connected(self) -> TimedSmtp:
        if self.mail.use_ssl:
            port = self.mail.port or smtplib.SMTP_SSL_PORT
            return TimedSmtpOverTls(self.mail.server, port, context=ssl.create_default_context())
        return TimedSmtp(self.mail.server, self.mail.port or smtplib.SMTP_PORT)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.host is None:
            return
        try:
            if error is None:
                self.host.quit()
        except (OSError, smtplib.SMTPException):
            pass  # the letter was taken: a server that hangs up without a good-bye changes nothing
        finally:
            self.host.close()


class Smtp:
    """Hands mail to the SMTP server of the settings."""

    def __init__(self, settings: Settings) -> None:
        self.state: Any = extensions.mail.init_mail(flask_settings(settings))
        self.sender = settings.mail_sender

    def send(self, mail: Mail) -> None:
        """Hand over one mail; returns once the server took it."""
        refuse_in_transaction()
        message = self._message(mail)
        try:
            with TimedConnection(self.state) as connection:
                connection.send(message)
        except smtplib.SMTPRecipientsRefused as refused:
            raise _by_code(*next(iter(refused.recipients.values()))) from refused
        except smtplib.SMTPDataError as refused:
            raise _by_code(refused.smtp_code, refused.smtp_error) from refused
        except smtplib.SMTPResponseException as refused:
            raise Unreachable(_words(refused.smtp_code, refused.smtp_error)) from refused
        except (OSError, smtplib.SMTPException) as failed:
            raise Unreachable(f"the mail server could not be reached ({type(failed).__name__})") from failed

    def _message(self, mail: Mail) -> flask_mail.Message:
        message = UnfoldedMessage(
            subject=mail.subject,
            recipients=[mail.to],
            body=mail.text,
            html=mail.html or None,
            sender=self.sender,
            date=mail.written_at.timestamp(),
            extra_headers={"Auto-Submitted": "auto-generated"},
        )
        domain = parseaddr(self.sender)[1].rpartition("@")[2] or "localhost"
        message.msgId = f"<{mail.id}@{domain}>"
        return message


def _words(code: int, answer: bytes | str) -> str:
    said = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {' '.join(said.split())[:200]}"


def _by_code(code: int, answer: bytes | str) -> NotSent:
    return Refused(_words(code, answer)) if 500 <= code < 600 else Unreachable(_words(code, answer))
