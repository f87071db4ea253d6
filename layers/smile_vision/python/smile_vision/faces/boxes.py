"""Geometry of boxes.

A `Box` is ``(x, y, width, height)``. BlazeFace describes many boxes at once by their corners;
`iou_of_corners` is the same measure for arrays of those.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Box", "centre_offset", "clipped", "grown", "iou", "iou_of_corners", "overlap"]

Box = tuple[float, float, float, float]
"""x and y of the upper left corner, width, height; in px or relative to the frame."""

Floats = NDArray[np.float32]


def centre_offset(one: Box, other: Box) -> tuple[float, float]:
    """Return how far right and down the centre of `other` is from that of `one`."""
    return (
        other[0] - one[0] + (other[2] - one[2]) / 2,
        other[1] - one[1] + (other[3] - one[3]) / 2,
    )


def overlap(a: Box, b: Box) -> float:
    """Return the area that two boxes share."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return width * height if width > 0 and height > 0 else 0.0


def iou(a: Box, b: Box) -> float:
    """Return intersection over union of two boxes, 0 to 1; 0 when either has no area."""
    shared = overlap(a, b)
    union = a[2] * a[3] + b[2] * b[3] - shared
    # Rounding can make the shared area of hair-thin boxes larger than their union.
    return min(shared / union, 1.0) if union > 0 else 0.0


def iou_of_corners(box: Floats, boxes: Floats) -> Floats:
    """Return intersection over union of one box with many.

    Parameters
    ----------
    box
        float32 (4,): left, top, right, bottom.
    boxes
        float32 (N, 4), in the same unit.

    Returns
    -------
    ndarray
        float32 (N,), 0 to 1; 0 where either has no area.
    """
    sides = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    shared = np.maximum(sides, 0).prod(axis=1)
    area = np.maximum(box[2:] - box[:2], 0).prod()
    areas = np.maximum(boxes[:, 2:] - boxes[:, :2], 0).prod(axis=1)
    union = area + areas - shared
    result: Floats = np.divide(shared, union, out=np.zeros_like(union), where=union > 0)
    return result


def grown(box: Box, share: float) -> Box:
    """Return `box` widened by `share` of its size on each side, with the same centre."""
    x, y, width, height = box
    return (
        x - width * share,
        y - height * share,
        width * (1 + 2 * share),
        height * (1 + 2 * share),
    )


def clipped(box: Box) -> Box:
    """Return the part of `box` within the frame, in numbers from 0 to 1."""
    left, top = min(max(box[0], 0.0), 1.0), min(max(box[1], 0.0), 1.0)
    right, bottom = min(max(box[0] + box[2], left), 1.0), min(max(box[1] + box[3], top), 1.0)
    return left, top, right - left, bottom - top
