"""A webcam or network stream: the newest frame wins, and a lost camera is opened again."""

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
from edge_lambda.camera.source import FrameSource
from edge_lambda.errors import CameraError

_log = logging.getLogger(__name__)
_QUIET_S = 0.2
_HELD_S = 10.0  # a camera that breaks off sooner, again and again, is opened ever more rarely


class LiveSource(FrameSource):
    """Decode in a thread of its own and keep only the newest frame.

    Positions count from the opening of the camera, by the monotonic clock, so that a
    corrected system clock cannot turn time back.

    Parameters
    ----------
    address : Address
    open_timeout_s : float
        How long the camera may be silent.
    reconnect_max_s : float
        Longest wait between tries to open it again.
    """

    def __init__(
        self, address: Address, open_timeout_s: float = 5.0, reconnect_max_s: float = 30.0
    ) -> None:
        self._address = address
        self._timeout_s = open_timeout_s
        self._backoff = Backoff(0.5, reconnect_max_s)
        self._is_closed = threading.Event()
        self._news = threading.Condition()
        self._newest: tuple[int, float, av.VideoFrame, Fraction | None] | None = None
        self._index = 0
        self._opened = time.monotonic()
        self._damaged_frames = 0
        self._failure: CameraError | None = None
        self._thread = threading.Thread(target=self._read, name="camera", daemon=True)
        self._thread.start()

    def frames(self) -> Iterator[Frame | None]:
        """Yield the newest frame each time; None when there has been none for a while.

        Raises
        ------
        CameraError
            When the camera could not be opened the first time.
        """
        reformatter = VideoReformatter()
        while not self._is_closed.is_set():
            with self._news:
                self._news.wait_for(lambda: self._newest is not None, _QUIET_S)
                newest, self._newest = self._newest, None
            if self._failure is not None:
                raise self._failure
            if newest is None:
                yield None
            else:
                yield Frame(*newest, reformatter)

    @property
    def damaged_frames(self) -> int:
        """How many pictures could not be decoded, up to the last time the camera broke off."""
        return self._damaged_frames

    def now_ms(self) -> float:
        """Return the time since the camera was opened."""
        return (time.monotonic() - self._opened) * 1000

    def time_at(self, position_ms: float) -> datetime:
        """Return the wall clock's time of a recent position."""
        return datetime.now(UTC) - timedelta(milliseconds=self.now_ms() - position_ms)

    def close(self) -> None:
        """Stop; the reading thread ends with its next frame, or with the process."""
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
            try:
                self._read_until_broken(current)
                reason = "stream ended"
            except CameraError as error:
                reason = str(error)
            if time.monotonic() - opened >= _HELD_S:
                self._backoff.reset()
            self._damaged_frames += current.damaged_frames
            current.close()
            current = self._reopen(reason)

    def _read_until_broken(self, decoder: Decoder) -> None:
        aspect = decoder.sample_aspect_ratio
        for picture, _ in decoder.pictures():
            if self._is_closed.is_set():
                return
            with self._news:
                if self._newest is not None:
                    self.skipped_frames += 1
                self._newest = (self._index, self.now_ms(), picture, aspect)
                self._index += 1
                self._news.notify()

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
            _log.info("camera back", extra={"source": self._address.shown})
            return decoder
        return None
