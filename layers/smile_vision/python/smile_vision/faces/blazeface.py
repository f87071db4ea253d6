"""The geometry of BlazeFace: its anchors, and what its outputs mean.

Written from the paper (Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection
on Mobile GPUs", 2019) and MediaPipe's ``SsdAnchorsCalculator`` and
``TensorsToDetectionsCalculator`` with the options of its ``face_detection_*.pbtxt`` graphs.
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
        Score above which a face is believed, 0-1. The sparse network is the shyest: at 0.5 it
        misses one portrait in thirty, at 0.4 hardly more than the others and invents as few.
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
"""``short``: faces within 2 m; ``back``: the rear camera's; ``full``: within 5 m, sparse."""


@cache
def anchors(kind: str) -> Floats:
    """Centres of the anchors of a network.

    Every anchor is as large as the whole input (``fixed_anchor_size``), so only its centre
    counts.

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

    Each row is (x, y, width, height, then x and y of six key points), in px of the network's
    input; positions are relative to the anchor's centre.

    Parameters
    ----------
    regressors
        float32 (N, 16), rows of the first output.
    centres
        float32 (N, 2), their anchors.

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
