"""The geometry of BlazeFace: its anchors, and the meaning of its outputs.

Sources: the paper (Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile
GPUs", 2019), and MediaPipe's ``SsdAnchorsCalculator`` and ``TensorsToDetectionsCalculator`` with
the options of its ``face_detection_*.pbtxt`` graphs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["VARIANTS", "Variant", "anchors", "decode"]

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the published networks.

    Parameters
    ----------
    weights
        File name, a key of `smile_vision.faces.weights.SHA256`.
    input_px
        Side of its square input.
    layers
        (stride in px, anchors per cell) of each feature map, in the order of the outputs.
    min_score
        Minimum score of a face, 0 to 1. The sparse network gives lower scores than the others: at
        0.5 it misses one portrait in thirty. At 0.4 it misses hardly more than the others and
        finds no more false faces than they do.
    """

    weights: str
    input_px: int
    layers: tuple[tuple[int, int], ...]
    min_score: float


VARIANTS = {
    "short": Variant("face_detection_short_range.tflite", 128, ((8, 2), (16, 6)), 0.5),
    "back": Variant("face_detection_back.tflite", 256, ((16, 2), (32, 6)), 0.5),
    "full": Variant("face_detection_full_range_sparse.tflite", 192, ((4, 1),), 0.4),
}
"""``short``: faces within 2 m. ``back``: for rear cameras. ``full``: faces within 5 m, sparse."""


@cache
def anchors(kind: str) -> Floats:
    """Return the centres of a network's anchors.

    Every anchor is as large as the input (``fixed_anchor_size``), so its centre is enough.

    Parameters
    ----------
    kind
        A key of `VARIANTS`.

    Returns
    -------
    ndarray
        float32 (anchors, 2), x and y in px of the network's input; not writable.
    """
    variant = VARIANTS[kind]
    layers = []
    for stride_px, per_cell in variant.layers:
        centres = (np.arange(variant.input_px // stride_px, dtype=np.float32) + 0.5) * stride_px
        y, x = np.meshgrid(centres, centres, indexing="ij")
        cells = np.stack([x.ravel(), y.ravel()], axis=1)
        layers.append(np.repeat(cells, per_cell, axis=0))
    result: Floats = np.concatenate(layers)
    result.flags.writeable = False
    return result


def decode(regressors: Floats, centres: Floats) -> tuple[Floats, Floats]:
    """Turn raw network outputs into boxes and key points.

    Each row holds x, y, width and height of the box, then x and y of six key points, in px of the
    network's input. Positions are relative to the centre of the anchor.

    Parameters
    ----------
    regressors
        float32 (N, 16), rows of the network's output.
    centres
        float32 (N, 2), the centres of their anchors.

    Returns
    -------
    boxes : ndarray
        float32 (N, 4): left, top, right, bottom, px of the input.
    keypoints : ndarray
        float32 (N, 6, 2), px of the input.
    """
    pairs = regressors.reshape(len(regressors), -1, 2)
    centre = pairs[:, 0] + centres
    half_size = pairs[:, 1] / 2
    boxes = np.concatenate([centre - half_size, centre + half_size], axis=1)
    return boxes, pairs[:, 2:] + centres[:, None]
