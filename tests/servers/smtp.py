"""A real mail server on loopback that keeps what it is given, and can have a bad day."""

import asyncio
import ssl
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Condition, Lock
from typing import Any, Self
from weakref import WeakSet

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.patience import PATIENCE
from tests.servers.ports import LOOPBACK, free_port


class Mail(EmailMessage):
    """A mail as it arrived; `to` is whom the envelope named, whatever the header says."""

    recipients: list[str]

    @property
    def to(self) -> str:
        """The envelope's recipients."""
        return ", ".join(self.recipients)

    @property
    def subject(self) -> str:
        """The subject, decoded."""
        return str(self["Subject"] or "")

    @property
    def text(self) -> str:
        """The plain body, decoded."""
        return self._body("plain")

    @property
    def html(self) -> str:
        """The HTML body, decoded."""
        return self._body("html")

    def _body(self, kind: str) -> str:
        body = self.get_body((kind,))
        return str(body.get_content()).replace("\r\n", "\n") if body is not None else ""


class MailServer:
    """A mail server with switches; it takes every mail until one is thrown. With a context it speaks TLS throughout."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
        self.host = LOOPBACK
        self.port = free_port()
        self.mails: list[Mail] = []
        self._arrived = Condition()
        self._door = Lock()
        self._connections: WeakSet[SMTP] = WeakSet()
        self._controller: Door | None = None
        self.normal()

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def normal(self) -> None:
        """Take every mail at once again."""
        self._seconds = 0.0
        self._code: int | None = None
        self._drop = False

    def slow(self, seconds: float) -> None:
        """Let every sender wait this long before it may name a recipient."""
        self._seconds = seconds

    def refuse(self, code: int = 550) -> None:
        """Answer every recipient with this code; 4xx means later, 5xx never."""
        self._code = code

    def drop_after_data(self) -> None:
        """Take the mail, then close the connection without the answer."""
        self._drop = True

    def down(self) -> None:
        """Cut every connection and listen no more."""
        with self._door:
            if self._controller is not None:
                self._controller.cut(list(self._connections))
                self._controller.stop()
                self._controller = None

    def up(self) -> None:
        """Listen on the same port as before."""
        with self._door:
            if self._controller is None:
                self._controller = Door(self, self._connections)
                self._controller.start()

    def clear(self) -> None:
        """Forget the mails so far."""
        with self._arrived:
            self.mails.clear()

    def mails_to(self, to: str) -> list[Mail]:
        """The mails to one address, oldest first."""
        with self._arrived:
            return [mail for mail in self.mails if to.lower() in map(str.lower, mail.recipients)]

    def wait_for(self, to: str, subject_part: str = "", timeout: float = PATIENCE) -> Mail:
        """The newest mail to this address whose subject contains this."""
        until = time.monotonic() + timeout
        with self._arrived:
            while True:
                found = [mail for mail in self.mails_to(to) if subject_part in mail.subject]
                if found:
                    return found[-1]
                there = [f"{mail.to}: {mail.subject}" for mail in self.mails]
                left = until - time.monotonic()
                assert left > 0, f"No mail to {to} about {subject_part!r} in {timeout:g} s, only {there}."
                self._arrived.wait(left)

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept a recipient, after a while or not at all."""
        await asyncio.sleep(self._seconds)
        if self._code is not None:
            return f"{self._code} not today"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a mail, and say so unless the switch is thrown."""
        mail: Any = message_from_bytes(envelope.original_content or b"", _class=Mail, policy=policy.default)
        mail.recipients = list(envelope.rcpt_tos)
        with self._arrived:
            self.mails.append(mail)
            self._arrived.notify_all()
        if self._drop:
            hang_up(server)
            await asyncio.Future()  # the lost connection cancels us here, before any answer
        return "250 OK"


class Door(Controller):
    """Listens, and knows its open connections."""

    def __init__(self, handler: MailServer, connections: WeakSet[SMTP]) -> None:
        super().__init__(handler, hostname=handler.host, port=handler.port, ssl_context=handler.tls)
        self._connections = connections

    def factory(self) -> SMTP:
        """One conversation."""
        conversation = SMTP(self.handler, **self.SMTP_kwargs)
        self._connections.add(conversation)
        return conversation

    def cut(self, conversations: list[SMTP]) -> None:
        """Close these connections in the middle of whatever is said."""
        for conversation in conversations:
            self.loop.call_soon_threadsafe(hang_up, conversation)


def hang_up(conversation: SMTP) -> None:
    """Close a connection without another word."""
    if isinstance(conversation.transport, asyncio.WriteTransport):
        conversation.transport.abort()
