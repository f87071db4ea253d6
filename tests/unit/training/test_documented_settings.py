"""training/README.md and docs/model.md state the settings of the code."""

from __future__ import annotations

import pytest

from training import evaluate, finetune, robustness, train
from training.data import alignment, annotations, chunks, duplicates, pictures, site_photos, splits
from training.data.annotations import TARGETS, Tier
from training.data.collections import smilesmiled
from training.data.disagreements import LOOKS
from training.evaluation.calibration import COST_OF_FALSE_SMILE, cheapest_threshold
from training.model import mixture
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
        f"fewer than {smilesmiled.MIN_PICTURES} pictures in a split",
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
        f"enlarged to {alignment.ENLARGED_PX} px, and its edge is repeated"
        f" {alignment.BORDER_PX} px outwards",
        f"mean score must be {alignment.MIN_SCORE} or more",
        f"in chunks of {chunks.CHUNK} pictures",
        f"At least {annotations.CLEAR_SHARE} is a clear smile, at most {annotations.NONE_SHARE}",
        f"photos for evaluation (above {duplicates.LIKE_PHOTO})",
        f"an earlier collection also has (above {duplicates.TWIN})",
        f"draws {mixture.EPOCH_CROPS:,} faces, {percent(mixture.SMILESMILED_SHARE)} of them from"
        " SMILEsmileD",
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
        f"the shipped model was trained for {train.EPOCHS} epochs of {mixture.EPOCH_CROPS:,} faces",
        f"{percent(mixture.SMILESMILED_SHARE)} from SMILEsmileD, the rest from FER+",
        f"{LOOKS['clear']} for a clear smile, {LOOKS['faint']} for a faint one, {LOOKS['none']} for"
        f" none and {LOOKS['talking']} for a talking mouth",
        f"a clear smile has at least {percent(annotations.CLEAR_SHARE)} of the votes, and a"
        f" non-smile at most {percent(annotations.NONE_SHARE)}",
    ],
)
def test_document_states_the_setting(sentence: str) -> None:
    assert sentence in " ".join(DOCUMENT.read_text().split())


def test_labels_readme_states_the_targets_of_the_looks() -> None:
    table = README.with_name("data") / "labels" / "README.md"
    rows = [line.split("|") for line in table.read_text().splitlines() if line.startswith("| `")]
    targets = {row[1].strip(" `"): row[3].strip() for row in rows if len(row) == 7}
    assert {name: targets[name] for name in LOOKS} == {
        name: f"{target:g}" for name, target in LOOKS.items()
    }
