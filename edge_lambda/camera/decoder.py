"""Open a video with FFmpeg and decode it, skipping damaged frames."""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Iterator
from fractions import Fraction

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from edge_lambda.camera.address import Address
from edge_lambda.errors import CameraError

_STREAM_OPTIONS = {"rtsp_transport": "tcp"}
# Their decoders drop damaged frames without an error, and each packet holds one whole frame,
# unless the video is interlaced.
_SILENT_CODECS = frozenset({"h264", "hevc"})
_UNREADABLE = (av.error.InvalidDataError, ValueError, av.error.EOFError)


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
        self._expected = 0
        self._address = address
        # A file goes on after every error of the decoder. A live source is opened again instead.
        self._damage = av.FFmpegError if address.kind == "file" else av.error.InvalidDataError
        begun = time.monotonic()
        options = _STREAM_OPTIONS if address.kind == "stream" else {}
        try:
            self._container: InputContainer = av.open(
                address.target, format=address.format, options=dict(options), timeout=timeout_s
            )
        except (av.FFmpegError, OSError, ValueError) as error:
            is_late = timeout_s is not None and time.monotonic() - begun >= timeout_s
            reason = "timed out" if is_late else None
            raise CameraError(f"source: {_cannot_open(address, error, reason)}") from None
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

        At the end of a file, count the pictures too that the decoder dropped without an error.

        Raises
        ------
        CameraError
            When the source fails.
        """
        good = 0
        try:
            for packet in self._container.demux(self._stream):
                for picture in self._decode(packet):
                    good += 1
                    yield picture, None if picture.time is None else picture.time * 1000
        except (av.FFmpegError, OSError) as error:
            raise CameraError(f"source: {self._address.label}: {_reason(error)}") from None
        if self._address.kind == "file" and self._stream.codec_context.name in _SILENT_CODECS:
            self.damaged_frames = max(self.damaged_frames, self._expected - good)

    def _decode(self, packet: av.Packet[VideoStream]) -> Iterator[av.VideoFrame]:
        """Yield the pictures that a packet completes, and count damaged ones."""
        self._expected += packet.size > 0 and not packet.is_discard
        try:
            pictures = packet.decode()
        except self._damage:
            self.damaged_frames += 1
            return
        for picture in pictures:
            if picture.interlaced_frame:  # may take two packets
                self._expected = 0
            if picture.is_corrupt:
                self.damaged_frames += 1
            else:
                yield picture

    def close(self) -> None:
        """Close the source. Only the thread that reads it may do so."""
        self._container.close()


def _is_video(stream: VideoStream) -> bool:
    """Return whether the stream can be decoded and is not the cover picture of a song."""
    is_cover = bool(stream.disposition & Disposition.attached_pic)
    return stream.codec_context is not None and not is_cover


def _cannot_open(address: Address, error: Exception, reason: str | None) -> str:
    if address.kind == "file" and isinstance(error, _UNREADABLE):
        return f"{address.label} is not a readable video"
    if address.kind == "webcam" and getattr(error, "errno", None) == errno.ENOENT:
        return f"no camera at {address.label}"
    # FFmpeg does not say why it has failed to find the host.
    if getattr(error, "errno", None) == errno.EIO and _is_unknown_host(address):
        reason = "no such host, or no name server"
    if reason is None:
        unreadable = isinstance(error, _UNREADABLE)
        reason = "it sent no readable video" if unreadable else _reason(error)
    return f"cannot open {address.label}: {reason}"


def _is_unknown_host(address: Address) -> bool:
    if address.kind != "stream" or address.host is None:
        return False
    try:
        socket.getaddrinfo(address.host, None)
    except (OSError, UnicodeError):  # UnicodeError: no name of DNS
        return True
    return False


def _reason(error: Exception) -> str:
    if isinstance(error, av.error.ExitError):
        return "timed out"
    # Not str(error), which contains the address with the password.
    return (getattr(error, "strerror", None) or type(error).__name__).lower()
