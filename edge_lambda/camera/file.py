"""A video file: every frame, at its media position."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import av
from av.video.reformatter import VideoReformatter

from edge_lambda.camera.address import Address
from edge_lambda.camera.decoder import Decoder
from edge_lambda.camera.frame import Frame
from edge_lambda.camera.source import FrameSource
from edge_lambda.camera.timeline import Timeline
from edge_lambda.errors import CameraError

_log = logging.getLogger(__name__)
_QUIET_S = 0.2
# Durations are no more exact than this.
_MISSING_MS = 1000.0
_MISSING_SHARE = 0.02


class FileSource(FrameSource):
    """Read a file from its start to its end.

    Parameters
    ----------
    address : Address
    start_time : datetime
        Of the first frame, UTC.
    is_realtime : bool
        Yield no frame before its time.

    Raises
    ------
    CameraError
        When the file is no video.
    """

    def __init__(self, address: Address, start_time: datetime, is_realtime: bool = False) -> None:
        self._address = address
        self._decoder = Decoder(address)
        self._start_time = start_time
        self._is_realtime = is_realtime
        self._position_ms = 0.0
        self._has_broken = False
        self.duration_ms = self._decoder.duration_ms

    def frames(self) -> Iterator[Frame | None]:
        """Yield every frame; a file without any is no video."""
        timeline = Timeline(self._decoder.step_ms)
        reformatter = VideoReformatter()
        aspect = self._decoder.sample_aspect_ratio
        index, end_ms = 0, 0.0
        started = time.monotonic()
        for picture, timestamp_ms in self._pictures():
            self._position_ms = timeline.position_ms(timestamp_ms)
            due = started + self._position_ms / 1000
            while self._is_realtime and due > time.monotonic():
                time.sleep(min(max(due - time.monotonic(), 0.0), _QUIET_S))
                if due > time.monotonic():
                    yield None
            yield Frame(index, self._position_ms, picture, aspect, reformatter)
            index += 1
            # Some containers count their duration from the first timestamp, some from zero.
            end_ms = max(self._position_ms, timestamp_ms or 0.0) + _shown_ms(picture)
        self._decoder.close()
        if not index:
            raise CameraError(f"source: {self._address.shown} is no readable video")
        self._warn_when_short(end_ms)

    @property
    def damaged_frames(self) -> int:
        """How many pictures could not be decoded so far."""
        return self._decoder.damaged_frames

    def _warn_when_short(self, end_ms: float) -> None:
        """Tell when a file was cut off where the container does not notice it."""
        missing_ms = (self.duration_ms or 0.0) - end_ms
        if self._has_broken or missing_ms <= max(_MISSING_MS, _MISSING_SHARE * end_ms):
            return
        duration_ms = round(self.duration_ms or 0.0)
        _log.warning(
            "video breaks off", extra={"duration_ms": duration_ms, "read_ms": round(end_ms)}
        )

    def _pictures(self) -> Iterator[tuple[av.VideoFrame, float | None]]:
        has_begun = False
        try:
            for item in self._decoder.pictures():
                has_begun = True
                yield item
        except CameraError as error:
            if not has_begun:
                raise
            self._has_broken = True
            _log.warning("video breaks off", extra={"error": str(error)})

    def now_ms(self) -> float:
        """Return the position of the latest frame."""
        return self._position_ms

    def time_at(self, position_ms: float) -> datetime:
        """Return the start time plus the position."""
        return self._start_time + timedelta(milliseconds=position_ms)

    def close(self) -> None:
        """Close the file."""
        self._decoder.close()


def _shown_ms(picture: av.VideoFrame) -> float:
    """Return how long a picture is shown, where the file tells it."""
    if not picture.duration or picture.time_base is None:
        return 0.0
    return float(picture.duration * picture.time_base * 1000)
