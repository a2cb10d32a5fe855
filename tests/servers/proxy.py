"""What may stand between a browser and the product: a TLS proxy, and a bad line."""

import asyncio
import contextlib
import ipaddress
import shutil
import ssl
import tempfile
import threading
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.servers.ports import LOOPBACK, free_port

PIECE = 65536
END = b"\r\n\r\n"
Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


class Proxy:
    """Listens on loopback in a thread of its own and passes every connection to one port."""

    def __init__(self, target_port: int, tls: ssl.SSLContext | None = None) -> None:
        self.target_port = target_port
        self.port = free_port()
        self._tls = tls
        self._open: set[Writer] = set()
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._do(self._listen())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Cut every connection and end."""
        self._do(self._stop_listening())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def carry(self, client: tuple[Reader, Writer], server: tuple[Reader, Writer]) -> None:
        """Pass on what both sides say; each kind of proxy does it its own way."""
        raise NotImplementedError

    def _do(self, what: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(10)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._meet, LOOPBACK, self.port, ssl=self._tls)

    async def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        others = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
        for writer in list(self._open):
            writer.transport.abort()
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _meet(self, reader: Reader, writer: Writer) -> None:
        mine = {writer}
        self._open.add(writer)
        try:
            server = await asyncio.open_connection(LOOPBACK, self.target_port)
            mine.add(server[1])
            self._open.add(server[1])
            await self.carry((reader, writer), server)
        except (OSError, EOFError, asyncio.CancelledError):
            pass  # either side may leave at any time
        finally:
            self._open -= mine
            for one in mine:
                one.close()


async def pump(reader: Reader, writer: Writer, latency: Callable[[], float] = float) -> None:
    """Pass on everything, and at the end that it is the end."""
    try:
        while piece := await reader.read(PIECE):
            await asyncio.sleep(latency())
            writer.write(piece)
            await writer.drain()
    finally:
        with contextlib.suppress(OSError, RuntimeError):
            writer.write_eof()


async def until_answered(asking: Coroutine[Any, Any, None], answering: Coroutine[Any, Any, None]) -> None:
    """Let both directions flow until the server has nothing more to say."""
    task = asyncio.ensure_future(asking)
    try:
        await answering
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class TlsProxy(Proxy):
    """Ends TLS in front of a plain HTTP server and says so in X-Forwarded headers.

    Every connection carries one request (or one WebSocket), so every request gets its headers.
    """

    def __init__(self, target_port: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="doctapp-tls-"))
        self.certificate = make_certificate(self.folder)
        self.client_address: str | None = None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.folder / "key.pem")
        super().__init__(target_port, context)
        self.url = f"https://localhost:{self.port}"

    def close(self) -> None:
        """Cut every connection, end and take the certificate away."""
        super().close()
        shutil.rmtree(self.folder)

    async def carry(self, client: tuple[Reader, Writer], server: tuple[Reader, Writer]) -> None:
        """Pass on one request with what a proxy adds, then its answer."""
        peer = self.client_address or client[1].get_extra_info("peername")[0]
        asked = Head(await client[0].readuntil(END))
        server[1].write(asked.with_headers(forwarded(asked, peer)))
        await until_answered(pump(client[0], server[1]), self._answer(server[0], client[1]))

    async def _answer(self, reader: Reader, writer: Writer) -> None:
        # Said in every answer, or the client would send its next request into a connection about to end.
        answered = Head(await reader.readuntil(END))
        writer.write(answered.with_headers({}))
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()


class Head:
    """The lines before a request's or an answer's body."""

    def __init__(self, raw: bytes) -> None:
        self.first, *rest = raw.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        self.headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in rest)]

    def get(self, name: str) -> str:
        """All values of one header, joined."""
        return ", ".join(value for one, value in self.headers if one.lower() == name)

    def with_headers(self, changes: dict[str, str]) -> bytes:
        """The head with these headers in place of its own; an upgrade, and news of one, stays what it is."""
        changed = changes if self.get("upgrade") else {**changes, "Connection": "close"}
        names = {name.lower() for name in changed}
        lines = [(name, value) for name, value in self.headers if name.lower() not in names] + [*changed.items()]
        return "\r\n".join([self.first, *(f"{name}: {value}" for name, value in lines), "", ""]).encode("latin-1")


def forwarded(asked: Head, peer: str) -> dict[str, str]:
    """What a proxy says of a request: its own word after what the client claimed."""
    return {
        "X-Forwarded-For": ", ".join(filter(None, [asked.get("x-forwarded-for"), peer])),
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": asked.get("host"),
    }


def make_certificate(folder: Path) -> Path:
    """A certificate for localhost that signs itself, with its key beside it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(LOOPBACK))]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=7))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(*form))
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return folder / "certificate.pem"


class CuttingProxy(Proxy):
    """A line that can lose answers, be slow, or be dead; it understands nothing of what it carries."""

    def __init__(self, target_port: int) -> None:
        self.lost = 0
        self._cut = False
        self._bytes_per_second: float | None = None
        self._latency = 0.0
        super().__init__(target_port)
        self.url = f"http://{LOOPBACK}:{self.port}"

    def normal(self) -> None:
        """Carry everything at once again."""
        self._cut, self._bytes_per_second, self._latency = False, None, 0.0
        self._do(self._listen())

    def cut_after_request(self) -> None:
        """Carry the request, wait until the server begins to answer, and close without a word of it."""
        self._cut = True

    def slow(self, bytes_per_second: float | None = None, latency: float = 0) -> None:
        """Carry answers at this speed, and wait this many seconds before each piece of a request."""
        self._bytes_per_second, self._latency = bytes_per_second, latency

    def refuse(self) -> None:
        """Cut every connection and listen no more, until normal."""
        self._do(self._stop_listening())

    async def carry(self, client: tuple[Reader, Writer], server: tuple[Reader, Writer]) -> None:
        """Pass on both directions as the switches say."""
        await until_answered(pump(client[0], server[1], lambda: self._latency), self._answer(server[0], client[1]))

    async def _answer(self, reader: Reader, writer: Writer) -> None:
        while piece := await reader.read(self._size()):
            if self._cut:
                self.lost += 1
                return
            if self._bytes_per_second:
                await asyncio.sleep(len(piece) / self._bytes_per_second)
            writer.write(piece)
            await writer.drain()

    def _size(self) -> int:
        return max(1, int(self._bytes_per_second / 20)) if self._bytes_per_second else PIECE
