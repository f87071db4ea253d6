"""Open a video with FFmpeg and decode it, skipping damaged frames."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from edge_lambda.camera.address import Address
from edge_lambda.errors import CameraError

_STREAM_OPTIONS = {"rtsp_transport": "tcp"}


class Decoder:
    """The first video stream of a source.

    Parameters
    ----------
    address : Address
    timeout_s : float or None
        How long the source may send nothing.

    Raises
    ------
    CameraError
        When the source cannot be opened or contains no video.
    """

    def __init__(self, address: Address, timeout_s: float | None = None) -> None:
        self.damaged_frames = 0
        self._address = address
        options = _STREAM_OPTIONS if address.kind == "stream" else {}
        try:
            self._container: InputContainer = av.open(
                address.target, format=address.format, options=dict(options), timeout=timeout_s
            )
        except (av.FFmpegError, OSError, ValueError) as error:
            raise CameraError(f"source: {_cannot_open(address, error)}") from None
        streams = [s for s in self._container.streams.video if _is_video(s)]
        if not streams:
            self._container.close()
            raise CameraError(f"source: {address.label} contains no video")
        self._stream: VideoStream = streams[0]
        if address.kind == "file":
            self._stream.thread_type = "AUTO"  # faster, but delays frames: not for live sources

    @property
    def step_ms(self) -> float | None:
        """Time between frames in ms, if known."""
        rate = self._stream.average_rate or self._stream.guessed_rate
        return float(1000 / rate) if rate else None

    @property
    def duration_ms(self) -> float | None:
        """Length of the video in ms, if known."""
        if self._stream.duration is not None and self._stream.time_base is not None:
            return float(self._stream.duration * self._stream.time_base * 1000)
        duration = self._container.duration
        return None if duration is None else duration * 1000 / av.time_base

    @property
    def sample_aspect_ratio(self) -> Fraction | None:
        """Width of a pixel divided by its height, if known."""
        return self._stream.sample_aspect_ratio or None

    def pictures(self) -> Iterator[tuple[av.VideoFrame, float | None]]:
        """Yield pictures with their timestamps in ms, and count damaged ones.

        Raises
        ------
        CameraError
            When the source fails.
        """
        try:
            for packet in self._container.demux(self._stream):
                try:
                    pictures = packet.decode()
                except av.error.InvalidDataError:
                    self.damaged_frames += 1
                    continue
                for picture in pictures:
                    if not isinstance(picture, av.VideoFrame):
                        continue
                    if picture.is_corrupt:
                        self.damaged_frames += 1
                        continue
                    yield picture, None if picture.time is None else picture.time * 1000
        except (av.FFmpegError, OSError) as error:
            raise CameraError(f"source: {self._address.label}: {_reason(error)}") from None

    def close(self) -> None:
        """Close the source. Only the thread that reads it may do so."""
        self._container.close()


def _is_video(stream: VideoStream) -> bool:
    """Return whether the stream can be decoded and is not the cover picture of a song."""
    is_cover = bool(stream.disposition & Disposition.attached_pic)
    return stream.codec_context is not None and not is_cover


def _cannot_open(address: Address, error: Exception) -> str:
    if isinstance(error, av.error.InvalidDataError | ValueError | av.error.EOFError):
        if address.kind == "file":
            return f"{address.label} is not a readable video"
        return f"cannot open {address.label}: no response, or not a readable video"
    return f"cannot open {address.label}: {_reason(error)}"


def _reason(error: Exception) -> str:
    if isinstance(error, av.error.ExitError):
        return "timed out"
    # Not str(error), which contains the address with the password.
    return (getattr(error, "strerror", None) or type(error).__name__).lower()
