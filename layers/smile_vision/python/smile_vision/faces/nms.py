"""Non-maximum suppression: one detection per face, out of the many that networks report."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smile_vision.faces.boxes import iou, iou_of_corners, overlap
from smile_vision.faces.detection import FaceDetection
from smile_vision.faces.weighted_sum import weighted_sum

__all__ = ["distinct", "suppress"]

Floats = NDArray[np.float32]

_RAW_IOU = 0.3
"""Boxes of one network that overlap more than this belong to one face; MediaPipe's value."""
_SAME_IOU = 0.4
"""Detections that overlap more than this are one face."""
_INSIDE = 0.6
"""So are those of which the smaller one lies in the other with more than this share."""


def suppress(boxes: Floats, scores: Floats, points: Floats) -> list[tuple[Floats, float, Floats]]:
    """Merge the overlapping boxes of one network by weighted non-maximum suppression.

    Each face is the mean of all boxes that overlap its best one, weighted by score (Bazarevsky et
    al. 2019, section 3.3). That makes it steadier from frame to frame than the best box alone. Its
    score is that of the best box.

    Parameters
    ----------
    boxes
        float32 (N, 4): left, top, right, bottom.
    scores
        float32 (N,), above 0.
    points
        float32 (N, K, 2), in the unit of ``boxes``.

    Returns
    -------
    list of (box, score, points)
        float32 (4,), float, float32 (K, 2) each; highest score first.
    """
    values = np.concatenate([boxes, points.reshape(len(points), -1)], axis=1)
    remaining = np.argsort(-scores, kind="stable")
    found = []
    while remaining.size:
        best = remaining[0]
        same = iou_of_corners(boxes[best], boxes[remaining]) > _RAW_IOU
        same[0] = True
        members = remaining[same]
        weights = scores[members] / scores[members].sum()
        value = weighted_sum(weights, values[members])
        found.append((value[:4], float(scores[best]), value[4:].reshape(-1, 2)))
        remaining = remaining[~same]
    return found


def distinct(faces: Sequence[FaceDetection], inside: float = _INSIDE) -> list[FaceDetection]:
    """Return the best of all detections of each face, highest score first.

    Parameters
    ----------
    faces
        Detections of several networks, in one image.
    inside
        Two detections are one face when more than this share of the smaller one lies in the other.
        1 turns that rule off.
    """
    kept: list[FaceDetection] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if not any(_is_same(face, other, inside) for other in kept):
            kept.append(face)
    return kept


def _is_same(face: FaceDetection, other: FaceDetection, inside: float) -> bool:
    smaller = min(one.box[2] * one.box[3] for one in (face, other))
    shared = overlap(face.box, other.box)
    return iou(face.box, other.box) > _SAME_IOU or shared > inside * smaller
