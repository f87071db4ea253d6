"""Sample detections and tracks of faces."""

from __future__ import annotations

import numpy as np

from edge_lambda.faces.observation import Observation
from edge_lambda.faces.track import Track
from smile_vision.faces.boxes import Box


def observation(box: Box, score: float = 0.9) -> Observation:
    """Return a detection with all key points in the centre of the frame."""
    return Observation(box, score, np.full((6, 2), 0.5, dtype=np.float32))


def track(number: int = 1, box: Box = (0.1, 0.2, 0.3, 0.4), score: float = 0.9) -> Track:
    """Return a track with id `number`, seen once, at 0 ms."""
    return Track(number, observation(box, score), 0.0)
