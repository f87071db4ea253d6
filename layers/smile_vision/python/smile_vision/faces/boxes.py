"""Geometry of boxes ``(x, y, width, height)``, in pixels or relative to the frame."""

from __future__ import annotations

import math

__all__ = ["Box", "clipped", "grown", "iou"]

Box = tuple[float, float, float, float]
"""x, y of the upper left corner, width, height."""


def iou(a: Box, b: Box) -> float:
    """Return intersection over union of two boxes, 0 to 1; 0 when either has no area."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if not (width > 0 and height > 0):
        return 0.0
    overlap = width * height
    union = a[2] * a[3] + b[2] * b[3] - overlap
    # Rounding can make the overlap of hair-thin boxes larger than their union.
    share = min(overlap / union, 1.0) if union > 0 else 0.0
    return share if math.isfinite(share) else 0.0


def grown(box: Box, share: float) -> Box:
    """Return `box` widened by `share` of its size on every side, its centre kept."""
    x, y, width, height = box
    return (
        x - width * share,
        y - height * share,
        width * (1 + 2 * share),
        height * (1 + 2 * share),
    )


def clipped(box: Box) -> Box:
    """Return the part of `box` that lies within the frame; every number from 0 to 1."""
    left, top = min(max(box[0], 0.0), 1.0), min(max(box[1], 0.0), 1.0)
    right, bottom = min(max(box[0] + box[2], left), 1.0), min(max(box[1] + box[3], top), 1.0)
    return left, top, right - left, bottom - top
