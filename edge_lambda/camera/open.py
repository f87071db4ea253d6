"""Open a video source."""

from __future__ import annotations

from datetime import UTC, datetime

from edge_lambda.camera.address import parse_address
from edge_lambda.camera.file import FileSource
from edge_lambda.camera.live import LiveSource
from edge_lambda.camera.source import FrameSource
from edge_lambda.errors import ConfigError
from edge_lambda.settings import CameraSettings


def open_source(source: str, settings: CameraSettings) -> FrameSource:
    """Open a video file, a webcam or a stream.

    Raises
    ------
    CameraError
        When it cannot be opened.
    ConfigError
        When a setting does not fit the kind of source.
    """
    address = parse_address(source)
    if address.kind == "file":
        start_time = (settings.start_time or datetime.now(UTC)).astimezone(UTC)
        return FileSource(address, start_time, settings.realtime, settings.rotate)
    if settings.start_time is not None:
        raise ConfigError("camera.start_time: allowed for video files only")
    return LiveSource(address, settings.open_timeout_s, settings.reconnect_max_s, settings.rotate)
