"""training/README.md and docs/model.md state the settings of the code."""

from __future__ import annotations

import pytest

from training import evaluate, finetune, robustness, train
from training.data import annotations, pictures, preparation, site_photos, splits
from training.data.annotations import TARGETS, Tier
from training.evaluation.calibration import COST_OF_FALSE_SMILE, cheapest_threshold
from training.workspace import DEFAULT_DATA, DOCUMENT, REPOSITORY

README = REPOSITORY / "training" / "README.md"


def percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")


@pytest.mark.parametrize(
    "sentence",
    [
        f"`data/{DEFAULT_DATA.name}`",
        f"fails below the minimum accuracy of {robustness.MIN_ACCURACY}",
        f"below accuracy {evaluate.MIN_ACCURACY:.2f} or AUC {evaluate.MIN_AUC} on the test set",
        f"fewer than {preparation.MIN_PICTURES} pictures in a split",
        f"More than {percent(pictures.MAX_SKIPPED_SHARE)}: rejected",
        f"`{annotations.USER_ANNOTATIONS}` next to the data",
        f"at least {percent(annotations.BUNDLED_COVERAGE)} of its pictures",
        f"Both annotators say smile: {TARGETS[Tier.CLEAR]}. Both say no smile:"
        f" {TARGETS[Tier.NONE]}. They disagree: {TARGETS[Tier.FAINT]}, a faint smile. One label"
        f" only: {TARGETS[Tier.SMILE_SINGLE]} or {TARGETS[Tier.NONE_SINGLE]}.",
        f"{percent(splits.VALIDATION_SHARE)} to the validation and"
        f" {percent(splits.TEST_SHARE)} to the test set",
        f"more than {splits.MAX_PICTURES_OF_HELD_OUT_PERSON} pictures are always in the training",
        f"Start with about {5 * site_photos.MIN_FACES} photos of each kind",
        f"{percent(site_photos.HELD_OUT_SHARE)} of the people are held out",
        f"epoch {finetune.EPOCHS}/{finetune.EPOCHS}: loss",
    ],
)
def test_readme_states_the_setting(sentence: str) -> None:
    assert sentence in " ".join(README.read_text().split())


@pytest.mark.parametrize(
    "sentence",
    [
        *(
            f"| `{name}` | {words} | {cheapest_threshold(COST_OF_FALSE_SMILE[name])} |"
            for name, words in (
                ("threshold", "the same as a missed smile"),
                ("threshold_on", f"{COST_OF_FALSE_SMILE['threshold_on']} times a missed smile"),
                ("threshold_off", "two thirds of a missed smile"),
            )
        ),
        f"An accuracy of {robustness.MIN_ACCURACY} is required",
        f"the shipped model was trained for {train.EPOCHS}",
    ],
)
def test_document_states_the_setting(sentence: str) -> None:
    assert sentence in " ".join(DOCUMENT.read_text().split())
