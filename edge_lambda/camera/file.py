"""A video file or a folder of images, read frame by frame."""

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
from edge_lambda.camera.images import ImageFolder
from edge_lambda.camera.source import POLL_S, FrameSource
from edge_lambda.camera.timeline import Timeline
from edge_lambda.errors import CameraError

_log = logging.getLogger(__name__)
# A file that ends this much before its stated duration is truncated; durations are not exact.
_MISSING_MS = 1000.0
_MISSING_SHARE = 0.02


class FileSource(FrameSource):
    """Reads a file from start to end.

    Parameters
    ----------
    address : Address
    start_time : datetime
        Time of the first frame, UTC.
    is_realtime : bool
        Play the file at its own speed.
    rotate : int
        See `Frame`.
    images_per_s : float
        Frame rate of a folder of images.

    Raises
    ------
    CameraError
        When the file is not a video.
    """

    def __init__(
        self,
        address: Address,
        start_time: datetime,
        is_realtime: bool = False,
        rotate: int = 0,
        images_per_s: float = 25.0,
    ) -> None:
        self._address = address
        self._decoder = (
            ImageFolder(address, images_per_s) if address.kind == "folder" else Decoder(address)
        )
        self._start_time = start_time
        self._is_realtime = is_realtime
        self._rotate = rotate
        self._position_ms = 0.0
        self.duration_ms = self._decoder.duration_ms

    def frames(self) -> Iterator[Frame | None]:
        """Yield every frame.

        Raises
        ------
        CameraError
            When the file has no frame that can be decoded.
        """
        timeline = Timeline(self._decoder.step_ms)
        reformatter = VideoReformatter()
        aspect = self._decoder.sample_aspect_ratio
        index, end_ms = 0, 0.0
        started = time.monotonic()
        for picture, timestamp_ms in self._pictures():
            self._position_ms = timeline.position_ms(timestamp_ms)
            due = started + self._position_ms / 1000
            while self._is_realtime and due > time.monotonic():
                time.sleep(min(max(due - time.monotonic(), 0.0), POLL_S))
                if due > time.monotonic():
                    yield None
            yield Frame(index, self._position_ms, picture, aspect, reformatter, rotate=self._rotate)
            index += 1
            # Some containers count their duration from the first timestamp, some from zero.
            end_ms = max(self._position_ms, timestamp_ms or 0.0) + _picture_duration_ms(picture)
        self._decoder.close()
        if not index:
            damaged = self.damaged_frames
            reason = f": all frames ({damaged}) are damaged" if damaged else ""
            kind = (
                "has no readable image"
                if self._address.kind == "folder"
                else "is not a readable video"
            )
            raise CameraError(f"source: {self._address.label} {kind}{reason}")
        self._warn_if_truncated(end_ms)

    @property
    def damaged_frames(self) -> int:
        """Count of frames that could not be decoded so far."""
        return self._decoder.damaged_frames

    def _warn_if_truncated(self, end_ms: float) -> None:
        """Log a truncated file, unless the decoder has reported it or its damaged frames."""
        damaged_ms = self.damaged_frames * (self._decoder.step_ms or 0.0)
        missing_ms = (self.duration_ms or 0.0) - end_ms - damaged_ms
        if self.is_truncated or missing_ms <= max(_MISSING_MS, _MISSING_SHARE * end_ms):
            return
        self.is_truncated = True
        duration_ms = round(self.duration_ms or 0.0)
        _log.warning(
            "video is truncated", extra={"duration_ms": duration_ms, "read_ms": round(end_ms)}
        )

    def _pictures(self) -> Iterator[tuple[av.VideoFrame, float | None]]:
        """Yield the pictures up to the first error, as long as there are any."""
        has_begun = False
        try:
            for item in self._decoder.pictures():
                has_begun = True
                yield item
        except CameraError as error:
            if not has_begun:
                raise
            self.is_truncated = True
            _log.warning("video is truncated", extra={"error": str(error)})

    def now_ms(self) -> float:
        """Return the position of the latest frame in ms."""
        return self._position_ms

    def time_at(self, position_ms: float) -> datetime:
        """Return the start time plus the position."""
        return self._start_time + timedelta(milliseconds=position_ms)

    def close(self) -> None:
        """Close the file."""
        self._decoder.close()


def _picture_duration_ms(picture: av.VideoFrame) -> float:
    """Return how long the file shows a picture, 0 if unknown."""
    if not picture.duration or picture.time_base is None:
        return 0.0
    return float(picture.duration * picture.time_base * 1000)
