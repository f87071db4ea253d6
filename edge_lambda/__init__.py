"""The device side: camera, faces, tracks, smile episodes, outbox and publisher, in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge_lambda.errors import (
    CameraError,
    ConfigError,
    EdgeError,
    OutboxError,
    SelfCheckError,
    SinkError,
)

if TYPE_CHECKING:
    from edge_lambda.config import EdgeConfig, load_config

__all__ = [
    "CameraError",
    "ConfigError",
    "EdgeConfig",
    "EdgeError",
    "OutboxError",
    "SelfCheckError",
    "SinkError",
    "load_config",
]


def __getattr__(name: str) -> Any:
    """Import what takes long when it is asked for, so that the command starts at once."""
    if name not in {"EdgeConfig", "load_config"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from edge_lambda import config  # noqa: PLC0415

    return getattr(config, name)
