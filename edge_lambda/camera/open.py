"""Open a video source."""

from __future__ import annotations

from datetime import UTC, datetime

from edge_lambda.camera.address import parse_address
from edge_lambda.camera.awscam import load_awscam
from edge_lambda.camera.file import FileSource
from edge_lambda.camera.live import LiveSource
from edge_lambda.camera.source import FrameSource
from edge_lambda.errors import ConfigError
from edge_lambda.settings import CameraSettings


def open_source(source: str, settings: CameraSettings) -> FrameSource:
    """Open a video file, a folder of images, a webcam or a stream.

    Raises
    ------
    CameraError
        When it cannot be opened.
    ConfigError
        When a setting does not fit the kind of source.
    """
    address = parse_address(source)
    if address.kind in {"file", "folder"}:
        start_time = (settings.start_time or datetime.now(UTC)).astimezone(UTC)
        return FileSource(
            address, start_time, settings.realtime, settings.rotate, settings.images_per_s
        )
    if settings.start_time is not None:
        raise ConfigError("camera.start_time: allowed for video files only")
    if address.kind == "awscam":
        load_awscam()  # without the module, it can never work
    return LiveSource(address, settings.open_timeout_s, settings.reconnect_max_s, settings.rotate)
