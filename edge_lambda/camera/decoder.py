"""Open a video with FFmpeg and decode it, surviving what is damaged."""

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
        How long the source may be silent.

    Raises
    ------
    CameraError
        One line, without passwords.
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
        streams = [s for s in self._container.streams.video if _is_film(s)]
        if not streams:
            self._container.close()
            raise CameraError(f"source: {address.shown} holds no video")
        self._stream: VideoStream = streams[0]
        if address.kind == "file":
            self._stream.thread_type = "AUTO"  # frame threads are faster, but hold frames back

    @property
    def step_ms(self) -> float | None:
        """Usual distance of frames, where known."""
        rate = self._stream.average_rate or self._stream.guessed_rate
        return float(1000 / rate) if rate else None

    @property
    def duration_ms(self) -> float | None:
        """Length of the video, where known."""
        if self._stream.duration is not None and self._stream.time_base is not None:
            return float(self._stream.duration * self._stream.time_base * 1000)
        duration = self._container.duration
        return None if duration is None else duration * 1000 / av.time_base

    @property
    def sample_aspect_ratio(self) -> Fraction | None:
        """Width over height of a pixel, where known."""
        return self._stream.sample_aspect_ratio or None

    def pictures(self) -> Iterator[tuple[av.VideoFrame, float | None]]:
        """Yield decoded pictures with their timestamps in ms; damaged ones are counted.

        Raises
        ------
        CameraError
            When the source breaks.
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
            raise CameraError(f"source: {self._address.shown}: {_reason(error)}") from None

    def close(self) -> None:
        """Let go of the source; only from the thread that reads it."""
        self._container.close()


def _is_film(stream: VideoStream) -> bool:
    """Whether it can be decoded and is no picture on a cover, such as of music."""
    is_cover = bool(stream.disposition & Disposition.attached_pic)
    return stream.codec_context is not None and not is_cover


def _cannot_open(address: Address, error: Exception) -> str:
    if isinstance(error, av.error.InvalidDataError | ValueError | av.error.EOFError):
        return f"{address.shown} is no readable video"
    return f"cannot open {address.shown}: {_reason(error)}"


def _reason(error: Exception) -> str:
    # Only the error's own words: its other parts hold the address with the password.
    return (getattr(error, "strerror", None) or type(error).__name__).lower()
