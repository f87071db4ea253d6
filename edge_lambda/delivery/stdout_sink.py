"""Events as JSON lines on standard output."""

from __future__ import annotations

from typing import BinaryIO

from edge_lambda.delivery.record import OutboxRecord
from edge_lambda.delivery.sink import Sink
from edge_lambda.errors import SinkError


class StdoutSink(Sink):
    """Write each event at once, one per line.

    Parameters
    ----------
    stream : BinaryIO
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def offer(self, record: OutboxRecord) -> None:
        """Write one line and flush it."""
        try:
            self._stream.write(record.payload + b"\n")
            self._stream.flush()
        except OSError as error:
            raise SinkError(f"stdout: cannot be written: {error.strerror}") from None
