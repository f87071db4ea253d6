"""What the outputs of the network learn, and the loss where a target is unknown."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.crops import UNKNOWN

__all__ = ["known_crossentropy", "stacked_targets"]

WEIGHTS = (1.0, 0.5, 0.5)  # of the loss of each output
_SOFTNESS = 0.015  # of what is known of a mouth: an annotator errs

Targets = NDArray[np.float32]


def stacked_targets(smile: Targets, mouth_visible: Targets, mouth_open: Targets) -> Targets:
    """Return the targets of the network, float32 (N, 3).

    Parameters
    ----------
    smile
        (N,), the probability of a smile, or `UNKNOWN`.
    mouth_visible, mouth_open
        (N,): 1, 0, or `UNKNOWN`. They are softened.
    """
    return np.stack([smile, _softened(mouth_visible), _softened(mouth_open)], axis=1)


def _softened(known: Targets) -> Targets:
    soft = _SOFTNESS + (1 - 2 * _SOFTNESS) * known
    return np.where(known == UNKNOWN, UNKNOWN, soft).astype(np.float32)


def known_crossentropy(targets: Any, logits: Any) -> Any:
    """Return the loss of each picture, (N,): the binary cross-entropy of its known targets.

    Parameters
    ----------
    targets
        Tensor (N, 3) of `stacked_targets`; a negative target adds nothing.
    logits
        Tensor (N, 3), the outputs of the network.
    """
    from keras import ops  # noqa: PLC0415 - TensorFlow is not in the environment of the tests

    known = ops.cast(targets >= 0, logits.dtype)
    truth = ops.maximum(targets, 0)
    # log(1 + exp(x)) - x * t, in the form that does not overflow
    loss = ops.maximum(logits, 0) - logits * truth + ops.log1p(ops.exp(-ops.abs(logits)))
    weights = ops.convert_to_tensor(WEIGHTS, dtype=logits.dtype)
    return ops.sum(loss * known * weights, axis=-1)
