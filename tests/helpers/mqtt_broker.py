"""A small MQTT broker that misbehaves on request: it refuses, hangs up or never confirms."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.helpers.waiting import LOOPBACK

ACCEPTED = b"\x20\x02\x00\x00"
NOT_AUTHORIZED = b"\x20\x02\x00\x05"
_HANG_UP_S = 0.05
_CONNECT, _PUBLISH, _DISCONNECT = 1, 3, 14


class FakeBroker:
    """A broker on a free port of the loopback address.

    Attributes
    ----------
    answer : bytes or None
        Sent in reply to a connection request; None stays silent.
    confirms : bool
        Whether it confirms messages.
    hangs_up : bool
        Whether it closes each connection shortly after the answer.
    greetings : list of bytes
        Body of each connection request.
    received : list of list of (str, bytes)
        Topic and payload of each message, per connection.
    open_connections : int
    """

    def __init__(self, server: socket.socket) -> None:
        self.port = int(server.getsockname()[1])
        self.answer: bytes | None = ACCEPTED
        self.confirms = True
        self.hangs_up = False
        self.received: list[list[tuple[str, bytes]]] = []
        self.greetings: list[bytes] = []
        self.open_connections = 0
        self._connections: list[socket.socket] = []
        self._server = server
        threading.Thread(target=self._accept, daemon=True).start()

    def hang_up(self) -> None:
        """Close all connections."""
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def payloads(self, connection: int = 0) -> list[bytes]:
        """Return the payloads of one connection; none when it does not exist yet."""
        return [payload for messages in self.received[connection:][:1] for _, payload in messages]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        messages: list[tuple[str, bytes]] = []
        self.received.append(messages)
        self._connections.append(connection)
        self.open_connections += 1
        with connection, suppress(OSError):
            for kind, flags, body in _packets(connection):
                if kind == _CONNECT:
                    self.greetings.append(body)
                    connection.sendall(self.answer or b"")
                    if self.hangs_up:
                        time.sleep(_HANG_UP_S)
                        break
                elif kind == _PUBLISH:
                    topic_end = 2 + int.from_bytes(body[:2])
                    packet_id, payload = body[topic_end : topic_end + 2], body[topic_end + 2 :]
                    assert flags & 0b0110 == 0b0010, "quality of service 1"
                    confirms = self.confirms
                    messages.append((body[2:topic_end].decode(), payload))
                    if confirms:
                        connection.sendall(b"\x40\x02" + packet_id)
                elif kind == _DISCONNECT:
                    break
        self.open_connections -= 1


def _packets(connection: socket.socket) -> Iterator[tuple[int, int, bytes]]:
    """Yield kind, flags and body of each packet until the client has gone."""
    with connection.makefile("rb") as stream:
        while first := stream.read(1):
            length, shift, more = 0, 0, True
            while more:
                (byte,) = stream.read(1)
                length |= (byte & 0x7F) << shift
                shift, more = shift + 7, bool(byte & 0x80)
            yield first[0] >> 4, first[0] & 0x0F, stream.read(length)


@contextmanager
def fake_broker() -> Iterator[FakeBroker]:
    """Run a broker until the end of the block."""
    with socket.create_server((LOOPBACK, 0)) as server:
        yield FakeBroker(server)
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)


@contextmanager
def unreachable_port() -> Iterator[int]:
    """Return a port that nobody listens on until the end of the block."""
    with socket.socket() as taken:  # bound, but not listening
        taken.bind((LOOPBACK, 0))
        yield int(taken.getsockname()[1])
