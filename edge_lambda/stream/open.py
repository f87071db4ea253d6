"""Start the project stream from the settings."""

from __future__ import annotations

import logging
from contextlib import ExitStack

from edge_lambda.settings import StreamSettings
from edge_lambda.stream.drawing import SceneRenderer
from edge_lambda.stream.fifo import FifoWriter
from edge_lambda.stream.listen_address import ListenAddress
from edge_lambda.stream.project_stream import ProjectStream
from edge_lambda.stream.stream_server import StreamServer

_log = logging.getLogger(__name__)


def open_stream(
    settings: StreamSettings, device_id: str, cleanup: ExitStack
) -> ProjectStream | None:
    """Start the web page and the FIFO, or return None when the settings name neither.

    Parameters
    ----------
    settings : StreamSettings
    device_id : str
        Title of the page.
    cleanup : ExitStack
        Closes them.

    Raises
    ------
    ConfigError
        When an address or FIFO cannot be used.
    """
    if settings.address is None and settings.fifo is None:
        return None
    renderer = SceneRenderer(device_id, settings.max_px)
    stream = ProjectStream(renderer.jpeg, settings.max_frames_per_s)
    cleanup.callback(stream.close)
    if settings.address is not None:
        token = settings.token.get_secret_value() if settings.token else None
        server = StreamServer(stream, ListenAddress.parse(settings.address), device_id, token)
        cleanup.callback(server.close)
        _log.info("stream started", extra={"url": server.url, "needs_token": token is not None})
    if settings.fifo is not None:
        cleanup.callback(FifoWriter(stream, settings.fifo).close)
        _log.info("stream started", extra={"fifo": str(settings.fifo)})
    return stream
