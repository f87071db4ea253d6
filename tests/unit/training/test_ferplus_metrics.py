"""FER+ is evaluated by votes, expressions and groups; refused faces are not called smiling."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from smile_vision.smiles.classifier import SmileClassifier
from tests.helpers.training import make_crops
from training.data.crops import FERPLUS, Crops
from training.data.ferplus_groups import BUNDLED_GROUPS, GROUPS, NO_FACE, read_groups
from training.errors import TrainingError
from training.evaluation.ferplus_metrics import ferplus_metrics, limited_ferplus_metrics


class FakeClassifier:
    """Says what the test decides; the threshold is not 0.5."""

    model_card = SimpleNamespace(threshold=0.6)

    def __init__(self, scores: list[float], hidden: list[int]) -> None:
        self.scores = np.array(scores, np.float32)
        self.is_visible = ~np.isin(np.arange(len(scores)), hidden)

    def classify(self, crops: np.ndarray) -> Any:
        assert len(crops) == len(self.scores)
        return SimpleNamespace(smile_scores=self.scores, is_mouth_visible=self.is_visible)


def _fake(scores: list[float], hidden: list[int]) -> SmileClassifier:
    return FakeClassifier(scores, hidden)  # type: ignore[return-value]


def _crops(tiers: list[str], expressions: list[str]) -> Crops:
    crops = make_crops([tier == "clear" for tier in tiers], tiers=tiers, collection=FERPLUS)
    return replace(crops, expression=np.array(expressions))


def _counts(share: dict[str, Any]) -> tuple[int, int]:
    return share["count"], share["pictures"]


@pytest.fixture
def metrics() -> dict[str, Any]:
    # Pictures 0 to 7: two smiles are seen, one is missed, one is refused; one of three non-smiles
    # is called smiling and one is refused; the last picture is faint.
    crops = _crops(
        ["clear"] * 4 + ["none"] * 3 + ["faint"],
        ["happiness"] * 4 + ["fear", "fear", "surprise", ""],
    )
    classifier = _fake([0.9, 0.6, 0.59, 0.9, 0.7, 0.1, 0.9, 0.9], hidden=[3, 6])
    groups = {"baby": {"0", "2", "4"}, "hidden mouth": {"3", "6", "5"}, "glasses": {"nobody"}}
    return ferplus_metrics(classifier, crops, groups)


def test_accuracy_is_that_of_the_scored_faces_with_clear_votes(metrics: dict[str, Any]) -> None:
    clear = metrics["clear_votes"]
    assert (clear["pictures"], clear["smile"]) == (5, 3)
    assert clear["accuracy"] == 0.6
    assert clear["auc"] == pytest.approx(4 / 6, abs=1e-4)
    assert _counts(clear["refused"]) == (2, 7)
    assert metrics["pictures"] == 8


def test_refused_face_counts_as_not_smiling(metrics: dict[str, Any]) -> None:
    assert _counts(metrics["smiles_seen"]) == (2, 4)
    called = {name: _counts(one) for name, one in metrics["called_smiling"].items()}
    assert called == {"happiness": (2, 4), "fear": (1, 2), "surprise": (0, 1)}


def test_groups_have_smiles_seen_non_smiles_called_smiling_and_refused_faces(
    metrics: dict[str, Any],
) -> None:
    groups = {
        name: {part: _counts(one) for part, one in group.items()}
        for name, group in metrics["groups"].items()
    }
    assert groups == {
        "baby": {"smiles_seen": (1, 2), "called_smiling": (1, 1), "refused": (0, 3)},
        "hidden mouth": {"smiles_seen": (0, 1), "called_smiling": (0, 2), "refused": (2, 3)},
    }
    assert metrics["smiles_seen"]["share_95"] == [0.15, 0.85]


def test_limited_metrics_are_named_as_their_limits(metrics: dict[str, Any]) -> None:
    assert limited_ferplus_metrics(metrics) == {
        "ferplus_accuracy": 0.6,
        "ferplus_surprise_called_smiling": 0.0,
        "ferplus_fear_called_smiling": 0.5,
        "babies_and_children_smiles_seen": 0.5,
    }


def test_babies_and_children_count_together() -> None:
    crops = _crops(["clear"] * 4 + ["none"], ["happiness"] * 4 + ["anger"])
    metrics = ferplus_metrics(
        _fake([0.9, 0.1, 0.9, 0.9, 0.1], []),
        crops,
        {"baby": {"0", "1"}, "child": {"2", "3"}, "wide-open laugh": {"1"}},
    )
    limited = limited_ferplus_metrics(metrics)
    assert limited["babies_and_children_smiles_seen"] == 0.75
    assert limited["wide_open_laughs_seen"] == 0.0
    assert limited["ferplus_anger_called_smiling"] == 0.0


def test_accuracy_is_left_out_when_all_scored_faces_have_one_label() -> None:
    crops = _crops(["clear", "none"], ["happiness", "anger"])
    metrics = ferplus_metrics(_fake([0.9, 0.1], hidden=[1]), crops, {})
    assert metrics["clear_votes"]["accuracy"] is None
    assert "ferplus_accuracy" not in limited_ferplus_metrics(metrics)
    assert metrics["groups"] == {}


def test_bundled_groups_are_all_known_and_none_is_empty() -> None:
    groups = read_groups()
    assert set(groups) == {*GROUPS, NO_FACE}
    rows = len(BUNDLED_GROUPS.read_text().splitlines()) - 1
    assert sum(map(len, groups.values())) == rows


def test_unknown_group_is_named_with_its_line(tmp_path: Any) -> None:
    table = tmp_path / "groups.csv"
    table.write_text("picture,group\nfer1,baby\nfer2,cat\n")
    with pytest.raises(TrainingError, match=r"groups\.csv, line 3: group: .*baby.*got 'cat'"):
        read_groups(table)
