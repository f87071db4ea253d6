"""Overlap of boxes, and one detection out of many of the same face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["box_iou", "suppress"]

Floats = NDArray[np.float32]


def box_iou(box: Floats, boxes: Floats) -> Floats:
    """Intersection over union of one box with many.

    Parameters
    ----------
    box
        float32 (4,): left, top, right, bottom.
    boxes
        float32 (N, 4), the same unit.

    Returns
    -------
    ndarray
        float32 (N,), 0-1; 0 where both are empty.
    """
    top_left = np.maximum(box[:2], boxes[:, :2])
    bottom_right = np.minimum(box[2:], boxes[:, 2:])
    overlap = np.maximum(bottom_right - top_left, 0).prod(axis=1)
    area = np.maximum(box[2:] - box[:2], 0).prod()
    areas = np.maximum(boxes[:, 2:] - boxes[:, :2], 0).prod(axis=1)
    union = area + areas - overlap
    iou: Floats = np.divide(overlap, union, out=np.zeros_like(union), where=union > 0)
    return iou


def suppress(
    boxes: Floats, scores: Floats, points: Floats, iou_threshold: float, *, weighted: bool = True
) -> list[tuple[Floats, float, Floats]]:
    """Non-maximum suppression, best score first.

    Weighted, as BlazeFace is meant to be used (Bazarevsky et al. 2019, section 3.3), a face is
    the mean of all boxes that overlap its best one, weighted by score: that steadies it from
    frame to frame. The score stays that of the best box.

    Parameters
    ----------
    boxes
        float32 (N, 4): left, top, right, bottom.
    scores
        float32 (N,), above 0.
    points
        float32 (N, K, 2), the same unit as ``boxes``.
    iou_threshold
        Boxes that overlap the best by more than this are the same face.
    weighted
        False keeps the best box as it is.

    Returns
    -------
    list of (box, score, points)
        float32 (4,), float, float32 (K, 2) each; sorted by score, highest first.
    """
    values = np.concatenate([boxes, points.reshape(len(points), -1)], axis=1)
    left = np.argsort(-scores, kind="stable")
    found = []
    while left.size:
        best = left[0]
        same = box_iou(boxes[best], boxes[left]) > iou_threshold
        same[0] = True
        if weighted:
            members = left[same]
            weights = scores[members] / scores[members].sum()
            value = weights @ values[members]
        else:
            value = values[best]
        found.append((value[:4], float(scores[best]), value[4:].reshape(-1, 2)))
        left = left[~same]
    return found
