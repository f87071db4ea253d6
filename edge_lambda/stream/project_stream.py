"""The newest annotated picture, made only while somebody watches."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from edge_lambda.camera import Frame
from edge_lambda.stream.scene import NO_OVERLAY, FaceMark, Overlay, Scene

_log = logging.getLogger(__name__)


class ProjectStream:
    """Passes frames from the loop to watchers.

    `show` stores the newest frame and returns. A separate thread draws and encodes the newest
    frame once for all watchers, and each watcher takes the newest picture when it is ready. So a
    slow watcher does not slow the loop, and without watchers nothing is drawn.

    Parameters
    ----------
    encode : callable
        Returns the JPEG of a scene.
    max_frames_per_s : float

    Attributes
    ----------
    health : callable
        Returns the fields of the heartbeat, for the page.
    """

    def __init__(self, encode: Callable[[Scene], bytes], max_frames_per_s: float = 25.0) -> None:
        self.health: Callable[[], Mapping[str, object]] = dict
        self._encode = encode
        self._spacing_s = 1 / max_frames_per_s
        self._change = threading.Condition()
        self._watchers = 0
        self._scene: Scene | None = None
        self._picture = b""
        self._number = 0
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="project stream", daemon=True)
        self._thread.start()

    @property
    def is_watched(self) -> bool:
        """Whether anybody watches. Cheap enough to ask for every frame."""
        return self._watchers > 0

    def show(
        self,
        frame: Frame,
        faces: Sequence[FaceMark],
        frame_rate: float | None = None,
        overlay: Overlay = NO_OVERLAY,
    ) -> None:
        """Store a frame to draw. It replaces one that is not drawn yet."""
        with self._change:
            self._scene = Scene(frame, faces, frame_rate, overlay)
            self._change.notify_all()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count as a watcher inside the ``with`` block."""
        with self._change:
            self._watchers += 1
        try:
            yield
        finally:
            with self._change:
                self._watchers -= 1
                if not self._watchers:  # keep no picture that nobody watches
                    self._scene, self._picture = None, b""

    def newer_than(self, number: int, timeout_s: float) -> tuple[int, bytes] | None:
        """Wait for a picture after number `number`.

        Returns
        -------
        tuple of int and bytes, or None
            Number and JPEG of the newest picture, or None after `timeout_s` without one.
        """
        with self._change:
            self._change.wait_for(lambda: self._is_closed or self._has_newer(number), timeout_s)
            return (self._number, self._picture) if self._has_newer(number) else None

    @property
    def is_closed(self) -> bool:
        """Whether the stream has ended."""
        return self._is_closed

    def close(self) -> None:
        """End the stream for all watchers."""
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
            except Exception as error:  # noqa: BLE001 - one bad frame must not end the stream
                _log.error("picture failed", extra={"error": repr(error)})
                continue
            with self._change:
                if self._watchers:
                    self._number, self._picture = self._number + 1, picture
                    self._change.notify_all()
            del scene, picture
            time.sleep(max(self._spacing_s - (time.monotonic() - begun), 0))
