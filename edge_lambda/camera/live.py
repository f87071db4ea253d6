"""A webcam or network stream: yields the newest frame, and opens a lost camera again."""

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
from edge_lambda.camera.awscam import Awscam
from edge_lambda.camera.decoder import Decoder
from edge_lambda.camera.frame import Frame
from edge_lambda.camera.source import POLL_S, FrameSource
from edge_lambda.errors import CameraError

_log = logging.getLogger(__name__)
_STABLE_S = 10.0  # a connection that lasts this long resets the backoff
_BEAT_S = 10.0
_HANG_S = 60.0  # FFmpeg ends most waits after `open_timeout_s`, but no wait inside a driver


class LiveSource(FrameSource):
    """Decodes in its own thread and keeps the newest frame only.

    Positions count from the opening of the camera. They follow the monotonic clock, so that a
    change of the system clock cannot turn them back. A camera that is away, at the start or later,
    is opened again with growing pauses, and so is one whose thread fails or hangs.

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

    has_system_time = True

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
        self._decoder: Decoder | Awscam | None = None
        self._damaged_before = 0
        self._beat_s = 0.0
        self._threads: list[threading.Thread] = []
        self._start_thread()

    def frames(self) -> Iterator[Frame | None]:
        """Yield the newest frame, or None after a while without one."""
        reformatter = VideoReformatter()
        while not self._is_closed.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._newest is not None, POLL_S)
                newest, self._newest = self._newest, None
            if newest is None:
                self._replace_hanging_thread()
                yield None
            else:
                yield Frame(*newest, reformatter, rotate=self._rotate)

    @property
    def is_stuck(self) -> bool:  # type: ignore[override]
        """Whether a thread that was given up still hangs."""
        return any(thread.is_alive() for thread in self._threads[:-1])

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

    def _start_thread(self) -> None:
        self._beat_s = time.monotonic()
        thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()

    def _replace_hanging_thread(self) -> None:
        silent_s = time.monotonic() - self._beat_s
        if silent_s < max(_HANG_S, 4 * self._timeout_s):
            return
        self.restarts += 1
        self.problem = "the camera does not respond"
        _log.error("camera thread hangs", extra={"silent_s": round(silent_s)})
        self._start_thread()

    def _is_current(self) -> bool:
        """Note that the calling thread runs, and return whether it is to go on."""
        if self._is_closed.is_set() or threading.current_thread() is not self._threads[-1]:
            return False
        self._beat_s = time.monotonic()
        return True

    def _run(self) -> None:
        """Read until the source is closed, after every failure again."""
        while self._is_current():
            try:
                self._connect()
            except CameraError as error:
                self._wait("camera lost", str(error), logging.WARNING)
            except Exception as error:  # noqa: BLE001 - a blind device is worse
                self.restarts += 1
                reason = repr(error).replace(self._address.target, self._address.label)
                self._wait("camera thread failed", reason, logging.ERROR)

    def _connect(self) -> None:
        """Read from one connection to its end.

        Raises
        ------
        CameraError
            When the source is not closed.
        """
        decoder = (
            Awscam(self._timeout_s)
            if self._address.kind == "awscam"
            else Decoder(self._address, self._timeout_s)
        )
        opened = time.monotonic()
        if self.problem:
            _log.info("camera back", extra={"source": self._address.label})
            self.problem = ""
        with self._changed:
            self._decoder = decoder
        try:
            self._read_until_lost(decoder)
        finally:
            if time.monotonic() - opened >= _STABLE_S:
                self._backoff.reset()
            with self._changed:
                self._damaged_before += decoder.damaged_frames
                self._decoder = None
            decoder.close()
        if self._is_current():
            raise CameraError("stream ended")

    def _read_until_lost(self, decoder: Decoder | Awscam) -> None:
        aspect = decoder.sample_aspect_ratio
        for picture, _ in decoder.pictures():
            if not self._is_current():
                return
            with self._changed:
                if self._newest is not None:
                    self.skipped_frames += 1
                self._newest = (self._index, self.now_ms(), picture, aspect)
                self._index += 1
                self._changed.notify()

    def _wait(self, message: str, reason: str, level: int) -> None:
        """Log why the camera is lost, and pause."""
        if not self._is_current():
            return
        self.problem = reason
        wait_s = self._backoff.next_s()
        _log.log(level, message, extra={"reason": reason, "retry_in_s": round(wait_s, 2)})
        while wait_s > 0 and self._is_current():
            self._is_closed.wait(min(wait_s, _BEAT_S))
            wait_s -= _BEAT_S
