"""A webcam or network stream: yields the newest frame, and reopens a lost camera."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import av
from av.video.reformatter import VideoReformatter

from edge_lambda.backoff import Backoff
from edge_lambda.camera.address import Address
from edge_lambda.camera.decoder import Decoder
from edge_lambda.camera.frame import Frame
from edge_lambda.camera.source import POLL_S, FrameSource
from edge_lambda.errors import CameraError

_log = logging.getLogger(__name__)
_STABLE_S = 10.0  # a connection that lasts this long resets the backoff


class LiveSource(FrameSource):
    """Decodes in its own thread and keeps the newest frame only.

    Positions count from the opening of the camera. They follow the monotonic clock, so that a
    change of the system clock cannot turn them back.

    Parameters
    ----------
    address : Address
    open_timeout_s : float
        How long the camera may send nothing.
    reconnect_max_s : float
        Longest wait between attempts to reopen it.
    rotate : int
        See `Frame`.
    """

    def __init__(
        self,
        address: Address,
        open_timeout_s: float = 5.0,
        reconnect_max_s: float = 30.0,
        rotate: int = 0,
    ) -> None:
        self._address = address
        self._rotate = rotate
        self._timeout_s = open_timeout_s
        self._backoff = Backoff(0.5, reconnect_max_s)
        self._is_closed = threading.Event()
        self._changed = threading.Condition()
        self._newest: tuple[int, float, av.VideoFrame, Fraction | None] | None = None
        self._index = 0
        self._opened = time.monotonic()
        self._decoder: Decoder | None = None
        self._damaged_before = 0
        self._failure: CameraError | None = None
        self._thread = threading.Thread(target=self._read, name="camera", daemon=True)
        self._thread.start()

    def frames(self) -> Iterator[Frame | None]:
        """Yield the newest frame, or None after a while without one.

        Raises
        ------
        CameraError
            When the camera cannot be opened at the start.
        """
        reformatter = VideoReformatter()
        while not self._is_closed.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._newest is not None, POLL_S)
                newest, self._newest = self._newest, None
            if self._failure is not None:
                raise self._failure
            if newest is None:
                yield None
            else:
                yield Frame(*newest, reformatter, rotate=self._rotate)

    @property
    def damaged_frames(self) -> int:
        """Count of frames that could not be decoded."""
        with self._changed:
            current = 0 if self._decoder is None else self._decoder.damaged_frames
            return self._damaged_before + current

    def now_ms(self) -> float:
        """Return the time since the opening of the camera in ms."""
        return (time.monotonic() - self._opened) * 1000

    def time_at(self, position_ms: float) -> datetime:
        """Return the time of a recent position by the system clock."""
        return datetime.now(UTC) - timedelta(milliseconds=self.now_ms() - position_ms)

    def close(self) -> None:
        """Stop. The reading thread ends with its next frame or with the process."""
        self._is_closed.set()

    def _read(self) -> None:
        current: Decoder | None
        try:
            current = Decoder(self._address, self._timeout_s)
        except CameraError as error:
            self._failure = error
            return
        while current is not None:
            opened = time.monotonic()
            self._decoder = current
            try:
                self._read_until_lost(current)
                reason = "stream ended"
            except CameraError as error:
                reason = str(error)
            if time.monotonic() - opened >= _STABLE_S:
                self._backoff.reset()
            with self._changed:
                self._damaged_before += current.damaged_frames
                self._decoder = None
            current.close()
            current = self._reopen(reason)

    def _read_until_lost(self, decoder: Decoder) -> None:
        aspect = decoder.sample_aspect_ratio
        for picture, _ in decoder.pictures():
            if self._is_closed.is_set():
                return
            with self._changed:
                if self._newest is not None:
                    self.skipped_frames += 1
                self._newest = (self._index, self.now_ms(), picture, aspect)
                self._index += 1
                self._changed.notify()

    def _reopen(self, reason: str) -> Decoder | None:
        while not self._is_closed.is_set():
            wait_s = self._backoff.next_s()
            _log.warning("camera lost", extra={"reason": reason, "retry_in_s": round(wait_s, 2)})
            if self._is_closed.wait(wait_s):
                return None
            try:
                decoder = Decoder(self._address, self._timeout_s)
            except CameraError as error:
                reason = str(error)
                continue
            _log.info("camera back", extra={"source": self._address.label})
            return decoder
        return None
