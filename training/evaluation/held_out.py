"""Metrics of a model on the held-out people: the validation and the test set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.annotations import Tier
from training.data.crops import Crops
from training.data.splits import Split
from training.evaluation.calibration import Calibration
from training.evaluation.metric_summary import rounded, score_metrics
from training.evaluation.metrics import accuracy_at, best_threshold

__all__ = ["metrics_on_test_set", "metrics_on_validation_set"]

Logits = NDArray[np.float64]


def metrics_on_validation_set(
    logits: Logits, crops: Crops, calibration: Calibration
) -> dict[str, Any]:
    """Return the accuracy at the calibration's threshold and at the best possible one.

    Parameters
    ----------
    logits
        (N,) of the crops.
    crops
        The validation set; faint smiles are left out.
    calibration
        Of the logits.
    """
    clear = crops.tier != Tier.FAINT.value
    scores, labels = calibration.scores(logits[clear]), crops.smile[clear]
    best = best_threshold(scores, labels)
    return {
        "pictures": int(clear.sum()),
        "accuracy_without_faint": rounded(accuracy_at(scores, labels, calibration.threshold)),
        "best_threshold_without_faint": rounded(best),
        "accuracy_at_best": rounded(accuracy_at(scores, labels, best)),
    }


def metrics_on_test_set(
    logits: Mapping[Split, Logits], crops: Crops, calibration: Calibration
) -> dict[str, Any]:
    """Return the metrics on the test set against four sets of labels.

    Parameters
    ----------
    logits
        Of the validation and the test set.
    crops
        All crops.
    calibration
        Of the logits.

    Returns
    -------
    dict[str, Any]
        ``test``: against the original labels; ``test_at_validation_threshold``: the same, at the
        threshold that is best on the validation set; ``test_where_annotators_agree`` and
        ``test_adjudicated_clear_against_none``: only clear smiles and clear non-smiles, if there
        are any.
    """
    validation, test = crops.part(Split.VALIDATION), crops.part(Split.TEST)
    scores = calibration.scores(logits[Split.TEST])
    chosen = best_threshold(calibration.scores(logits[Split.VALIDATION]), validation.smile)
    metrics: dict[str, Any] = {
        "test": score_metrics(scores, test.smile, calibration.threshold),
        "test_at_validation_threshold": {
            "threshold": rounded(chosen),
            **score_metrics(scores, test.smile, chosen),
        },
    }
    for name, tiers in (
        ("test_where_annotators_agree", test.tier),
        ("test_adjudicated_clear_against_none", test.adjudicated),
    ):
        clear = np.isin(tiers, [Tier.CLEAR.value, Tier.NONE.value])
        if clear.any():
            labels = tiers[clear] == Tier.CLEAR.value
            metrics[name] = score_metrics(scores[clear], labels, calibration.threshold)
    return metrics
