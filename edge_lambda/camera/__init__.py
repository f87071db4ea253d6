"""Frames of video files, webcams and network streams."""

from __future__ import annotations

from edge_lambda.camera.frame import Frame
from edge_lambda.camera.open import open_source
from edge_lambda.camera.source import FrameSource

__all__ = ["Frame", "FrameSource", "open_source"]
