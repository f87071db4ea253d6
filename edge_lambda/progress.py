"""The log lines of ``--progress``."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

from edge_lambda.camera import Frame, FrameSource
from smile_contract import CameraState

_log = logging.getLogger(__name__)
_PROGRESS_S = 0.5


class ProgressLog:
    """Logs the position twice a second. The local run draws its progress bar from it.

    Parameters
    ----------
    source : FrameSource
    """

    def __init__(self, source: FrameSource) -> None:
        self._source = source
        self._last_s = time.monotonic()

    def update(
        self,
        frame: Frame,
        frames: int,
        faces: int,
        problems: Iterable[str],
        *,
        frame_rate: float | None,
        camera: CameraState,
        is_paused: bool,
    ) -> None:
        """Note a processed frame. `faces` are those that are followed, `frames` all so far."""
        now_s = time.monotonic()
        if now_s - self._last_s < _PROGRESS_S:
            return
        duration_ms = self._source.duration_ms
        _log.info(
            "progress",
            extra={
                "position_ms": round(frame.position_ms),
                "duration_ms": None if duration_ms is None else round(duration_ms),
                "frames": frames,
                "skipped_frames": self._source.skipped_frames,
                "frame_rate": None if frame_rate is None else round(frame_rate, 1),
                "faces": faces,
                "problems": sorted(set(problems)),
                "camera": camera,
                "paused": is_paused,
            },
        )
        self._last_s = now_s
