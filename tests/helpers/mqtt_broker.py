"""A small broker for MQTT 5 and 3.1.1 that misbehaves on request: it refuses or hangs up."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tests.helpers.waiting import LOOPBACK

ACCEPTED, WRONG_VERSION, NOT_AUTHORIZED = 0, 1, 5  # return codes of MQTT 3.1.1
_CODES_OF_5 = {ACCEPTED: 0, NOT_AUTHORIZED: 0x87}
HANGS_UP = -1
_HANG_UP_S = 0.05
_CONNECT, _PUBLISH, _DISCONNECT = 1, 3, 14
_5 = 5


class FakeBroker:
    """A broker on a free port of the loopback address.

    Attributes
    ----------
    answer : int or None
        Return code of MQTT 3.1.1 for a connection request, or from 0x80 on a reason code of
        MQTT 5; None stays silent.
    speaks_5 : bool
        Whether it knows MQTT 5.
    cuts_5, ignores_5 : bool
        Whether it hangs up on a client with MQTT 5 without an answer, or waits in silence.
    properties : bytes
        Properties of the answer in MQTT 5.
    reason_code : callable
        Returns the reason code for a topic and payload, or `HANGS_UP`. MQTT 3.1.1 has no codes.
    confirms : bool
        Whether it confirms messages.
    hangs_up : bool
        Whether it closes each connection shortly after the answer.
    hangs_up_on_subscriptions : bool
    greetings : list of bytes
        Body of each connection request.
    versions : list of int
        Version of each connection request: 5, or 4 for MQTT 3.1.1.
    received : list of list of (str, bytes)
        Topic and payload of each message, per connection.
    open_connections : int
    """

    def __init__(self, server: socket.socket) -> None:
        self.port = int(server.getsockname()[1])
        self.answer: int | None = ACCEPTED
        self.speaks_5, self.cuts_5, self.ignores_5 = True, False, False
        self.properties = b""
        self.reason_code: Callable[[str, bytes], int] = lambda _topic, _payload: 0
        self.versions: list[int] = []
        self.confirms = True
        self.hangs_up = self.hangs_up_on_subscriptions = False
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
                    self.versions.append(body[6])
                    if not self._greet(connection, body[6]):
                        break
                elif kind == _PUBLISH:
                    assert flags & 0b0110 == 0b0010, "quality of service 1"
                    if not self._receive(connection, body, messages):
                        break
                elif kind == _DISCONNECT or self.hangs_up_on_subscriptions:
                    break
        self.open_connections -= 1

    def _greet(self, connection: socket.socket, version: int) -> bool:
        """Answer a connection request; return whether the connection stays open."""
        if version == _5 and self.cuts_5:
            return False
        if version == _5 and self.ignores_5:
            return True
        if version == _5 and not self.speaks_5:
            connection.sendall(bytes([0x20, 2, 0, WRONG_VERSION]))
            return False
        if self.answer is not None and version == _5:
            rest = bytes([len(self.properties)]) + self.properties
            connection.sendall(
                bytes([0x20, 2 + len(rest), 0, _CODES_OF_5.get(self.answer, self.answer)]) + rest
            )
        elif self.answer is not None:
            connection.sendall(bytes([0x20, 2, 0, self.answer]))
        if self.hangs_up:
            time.sleep(_HANG_UP_S)
        return not self.hangs_up

    def _receive(
        self, connection: socket.socket, body: bytes, messages: list[tuple[str, bytes]]
    ) -> bool:
        """Take and confirm a message; return whether the connection stays open."""
        is_5 = self.versions[-1] == _5
        topic_end = 2 + int.from_bytes(body[:2])
        packet_id, payload = body[topic_end : topic_end + 2], body[topic_end + 2 :]
        if is_5:
            payload = payload[1 + payload[0] :]  # without properties, shorter than 128 bytes
        confirms, topic = self.confirms, body[2:topic_end].decode()
        code = self.reason_code(topic, payload)
        messages.append((topic, payload))
        if code == HANGS_UP:
            return False
        if confirms:
            rest = packet_id + (bytes([code]) if is_5 else b"")
            connection.sendall(bytes([0x40, len(rest)]) + rest)
        return True


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
