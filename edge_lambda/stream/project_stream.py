"""The newest annotated picture, made only while somebody watches."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from edge_lambda.camera import Frame
from edge_lambda.stream.scene import FaceMark, Scene

_log = logging.getLogger(__name__)
_RATE_MEMORY_S = 1.0
_STALE_S = 2.0  # after a longer pause the frame rate starts anew


class ProjectStream:
    """Hands frames from the loop to those who watch.

    The loop leaves its newest frame here and goes on; a thread of its own draws and encodes what
    is newest when it has time, once for all. Each watcher takes the newest picture when it is
    ready for one. So nobody slows the loop, and without watchers nothing is drawn.

    Parameters
    ----------
    encode : callable
        Makes a JPEG of a scene.
    max_frames_per_s : float
    """

    def __init__(self, encode: Callable[[Scene], bytes], max_frames_per_s: float = 25.0) -> None:
        self._encode = encode
        self._spacing_s = 1 / max_frames_per_s
        self._change = threading.Condition()
        self._watchers = 0
        self._scene: Scene | None = None
        self._picture = b""
        self._number = 0
        self._is_closed = False
        self._rate = _FrameRate()
        self._thread = threading.Thread(target=self._run, name="project stream", daemon=True)
        self._thread.start()

    @property
    def is_watched(self) -> bool:
        """Whether anybody watches; reading it costs the loop nothing."""
        return self._watchers > 0

    def show(self, frame: Frame, faces: Sequence[FaceMark]) -> None:
        """Leave a frame to be drawn; one that was not drawn yet is replaced."""
        rate = self._rate.tick(time.monotonic())
        with self._change:
            self._scene = Scene(frame, faces, rate)
            self._change.notify_all()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count as a watcher for a while."""
        with self._change:
            self._watchers += 1
        try:
            yield
        finally:
            with self._change:
                self._watchers -= 1
                if not self._watchers:  # keep no picture of anybody longer than it is watched
                    self._scene, self._picture = None, b""

    def newer_than(self, number: int, timeout_s: float) -> tuple[int, bytes] | None:
        """Wait for a picture newer than number `number`.

        Returns
        -------
        tuple of int and bytes, or None
            The newest picture's number and JPEG; None when there was none in time.
        """
        with self._change:
            self._change.wait_for(lambda: self._is_closed or self._has_newer(number), timeout_s)
            return (self._number, self._picture) if self._has_newer(number) else None

    @property
    def is_closed(self) -> bool:
        """Whether no further picture will come."""
        return self._is_closed

    def close(self) -> None:
        """Let everybody go."""
        with self._change:
            self._is_closed = True
            self._scene = None
            self._change.notify_all()

    def _has_newer(self, number: int) -> bool:
        return self._number > number and bool(self._picture)

    def _run(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._is_closed or self._scene is not None)
                scene, self._scene = self._scene, None
            if scene is None:
                return
            begun = time.monotonic()
            try:
                picture = self._encode(scene)
            except Exception as error:  # noqa: BLE001 - an odd frame must not end the stream
                _log.error("picture failed", extra={"error": repr(error)})
                continue
            with self._change:
                if self._watchers:
                    self._number, self._picture = self._number + 1, picture
                    self._change.notify_all()
            del scene, picture
            time.sleep(max(self._spacing_s - (time.monotonic() - begun), 0))


class _FrameRate:
    """Frames per second over about the last second."""

    def __init__(self) -> None:
        self._last_s: float | None = None
        self._spacing_s = 0.0

    def tick(self, now_s: float) -> float:
        last_s, self._last_s = self._last_s, now_s
        if last_s is None or now_s - last_s > _STALE_S:
            self._spacing_s = 0.0
            return 0.0
        spacing_s = max(now_s - last_s, 1e-6)
        if not self._spacing_s:
            self._spacing_s = spacing_s
        share = min(spacing_s / _RATE_MEMORY_S, 1.0)
        self._spacing_s += share * (spacing_s - self._spacing_s)
        return 1 / self._spacing_s
