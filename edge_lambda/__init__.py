"""The device side: camera, faces, tracks, smile episodes, outbox and publisher, in one process."""

from __future__ import annotations

from edge_lambda.config import EdgeConfig, load_config
from edge_lambda.errors import CameraError, ConfigError, EdgeError, OutboxError, SinkError

__all__ = [
    "CameraError",
    "ConfigError",
    "EdgeConfig",
    "EdgeError",
    "OutboxError",
    "SinkError",
    "load_config",
]
