"""Metrics on the test split of FER+: clear votes, expressions, and groups of people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from smile_vision.smiles.classifier import SmileClassifier
from training.data.annotations import Tier
from training.data.collections.ferplus_votes import EXPRESSIONS
from training.data.crops import Crops
from training.data.ferplus_groups import GROUPS
from training.evaluation.metric_summary import scored_metrics, share_metrics

__all__ = ["ferplus_metrics", "limited_ferplus_metrics"]

LIMITED_EXPRESSIONS = ("surprise", "fear", "anger", "disgust")  # seldom called smiling
_SEEN = {  # groups whose smiles were often missed
    "babies_and_children_smiles_seen": ("baby", "child"),
    "wide_open_laughs_seen": ("wide-open laugh",),
}

Metrics = dict[str, Any]


def ferplus_metrics(
    classifier: SmileClassifier, test: Crops, groups: Mapping[str, set[str]]
) -> Metrics:
    """Evaluate a classifier on the test split of FER+.

    Parameters
    ----------
    classifier
        To evaluate.
    test
        The crops of the test split.
    groups
        Names of the pictures in each group.

    Returns
    -------
    dict[str, Any]
        ``clear_votes``: `scored_metrics` where at least eight of ten say smile or none.
        ``smiles_seen``: how many clear smiles are called smiling. ``called_smiling``: how many
        faces are, by the expression that at least half see. ``groups``: for each group
        ``smiles_seen`` and ``called_smiling`` of its clear smiles and non-smiles, and ``refused``
        of all. What has no pictures is left out.
    """
    classified = classifier.classify(test.grey)
    scores, is_visible = classified.smile_scores.astype(np.float64), classified.is_mouth_visible
    threshold = classifier.model_card.threshold
    smiling = is_visible & (scores >= threshold)
    smile, none = (test.tier == tier.value for tier in (Tier.CLEAR, Tier.NONE))
    clear = smile | none
    in_group = {group: np.isin(test.name, list(groups.get(group, ()))) for group in GROUPS}
    return {
        "evaluated_on": "test split of FER+, without pictures that are also in its other splits",
        "pictures": len(test),
        "clear_votes": scored_metrics(scores[clear], is_visible[clear], smile[clear], threshold),
        **_shares({"smiles_seen": smiling[smile]}),
        "called_smiling": _shares({name: smiling[test.expression == name] for name in EXPRESSIONS}),
        "groups": {
            group: _shares(
                {
                    "smiles_seen": smiling[smile & member],
                    "called_smiling": smiling[none & member],
                    "refused": ~is_visible[member],
                }
            )
            for group, member in in_group.items()
            if member.any()
        },
    }


def limited_ferplus_metrics(metrics: Metrics) -> dict[str, float]:
    """Return the metrics that have a minimum or a maximum, as far as there are pictures.

    Parameters
    ----------
    metrics
        From `ferplus_metrics`.
    """
    groups, called = metrics["groups"], metrics["called_smiling"]
    limited = {}
    if (accuracy := metrics["clear_votes"]["accuracy"]) is not None:
        limited["ferplus_accuracy"] = accuracy
    for name in LIMITED_EXPRESSIONS:
        if name in called:
            limited[f"ferplus_{name}_called_smiling"] = called[name]["share"]
    for name, members in _SEEN.items():
        seen = [
            groups[one]["smiles_seen"] for one in members if "smiles_seen" in groups.get(one, {})
        ]
        if seen:
            limited[name] = sum(one["count"] for one in seen) / sum(one["pictures"] for one in seen)
    return limited


def _shares(counted: dict[str, Any]) -> Metrics:
    return {name: share_metrics(some) for name, some in counted.items() if len(some)}
