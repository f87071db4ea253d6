"""The sentences that explain a run without events."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_lambda.activity import Activity
from edge_lambda.silence import explain_bad_frames, explain_silence
from smile_contract.episodes.episode import EpisodeRules
from tests.helpers.loop import FakeCamera

RULES = EpisodeRules(threshold_on=0.6, threshold_off=0.4)
NOTHING = Activity(FakeCamera()).summary() | {"frames": 53}


def smile(score: float | None, faces: int = 7) -> dict[str, object]:
    return {"faces": faces, "best_smile_score": score, "best_smile_ms": 12_400}


@pytest.mark.parametrize(
    ("summary", "explanation"),
    [
        ({"frames": 0}, "no frame arrived"),
        ({}, "no face was seen"),
        (
            smile(0.41),
            "7 faces were seen, the best smile score was 0.41 at 12.4 s, below threshold_on 0.60",
        ),
        (
            smile(0.5991, faces=1),
            "1 face was seen, the best smile score was 0.599 at 12.4 s, below threshold_on 0.600",
        ),
        (
            smile(0.6, faces=1),
            "1 face was seen, the best smile score was 0.60 at 12.4 s, "
            "but no smile lasted for min_duration_ms 500 (open mouths need higher scores)",
        ),
        (
            smile(0.41, faces=1) | {"bad_views": {"cut off": 3, "mouth hidden": 40}},
            "1 face was seen, the best smile score was 0.41 at 12.4 s, below threshold_on 0.60; "
            "43 views could not be scored (mouth hidden, cut off)",
        ),
        (smile(None), "7 faces were seen, but none could be scored"),
        (
            smile(None) | {"bad_views": {"cut off": 3, "turned away": 40}},
            "7 faces were seen, but none could be scored (turned away, cut off)",
        ),
        ({"damaged_frames": 144}, "144 of 197 frames were damaged; no face was seen"),
        (
            {"damaged_frames": 7, "failed_frames": 3},
            "7 of 60 frames were damaged; 3 of 60 frames were not processed; no face was seen",
        ),
        ({"is_truncated": True}, "the video is truncated; no face was seen"),
        ({"paused_frames": 53}, "paused: no frame was examined"),
        (
            {"paused_frames": 20},
            "20 of 53 frames were not examined (paused); no face was seen",
        ),
        ({"ignored_frames": 53}, "the zones ignore the whole picture"),
        (
            {"ignored_frames": 3},
            "the zones ignore the whole picture in 3 of 53 frames; no face was seen",
        ),
        (
            {"paused_frames": 50, "ignored_frames": 3},
            "50 of 53 frames were not examined (paused); "
            "the zones ignore the whole picture in 3 of 53 frames",
        ),
        (
            {"paused_frames": 53, "damaged_frames": 7},
            "7 of 60 frames were damaged; paused: no frame was examined",
        ),
        (
            {"frames": 0, "damaged_frames": 7},
            "7 of 7 frames were damaged; no face was seen",
        ),
    ],
)
def test_explanation_says_what_is_known(summary: dict[str, object], explanation: str) -> None:
    assert explain_silence(NOTHING | summary, RULES) == explanation


def test_explanation_does_not_mention_open_mouths_when_their_correction_is_off() -> None:
    rules = EpisodeRules(threshold_on=0.6, threshold_off=0.4, correct_talking=False)
    assert explain_silence(NOTHING | smile(0.97), rules).endswith("min_duration_ms 500")


@given(st.floats(0.01, 0.99), st.floats(0, 1))
def test_score_below_the_threshold_never_looks_equal_to_it(on: float, share: float) -> None:
    score = round(on * share, 4)
    if score > on - 1e-4:
        return
    rules = EpisodeRules(threshold_on=on, threshold_off=on / 2)
    explanation = explain_silence(NOTHING | smile(score), rules)
    shown = re.fullmatch(r".* was (.*) at 12.4 s, below threshold_on (.*)", explanation)
    assert shown is not None
    assert float(shown[1]) < float(shown[2])


@pytest.mark.parametrize(
    ("damaged", "failed", "explanation"),
    [
        (0, 0, None),
        (53, 0, None),
        (54, 0, "54 of 107 frames were damaged: smiles may be missing"),
        (0, 26, None),
        (0, 27, "27 of 53 frames were not processed: smiles may be missing"),
        (
            30,
            12,
            "30 of 83 frames were damaged; 12 of 83 frames were not processed: "
            "smiles may be missing",
        ),
    ],
)
def test_bad_frames_are_explained_when_they_are_more_than_half(
    damaged: int, failed: int, explanation: str | None
) -> None:
    counts = {"damaged_frames": damaged, "failed_frames": failed}
    assert explain_bad_frames(NOTHING | counts) == explanation


def test_nothing_is_wrong_with_the_frames_when_there_are_none() -> None:
    assert explain_bad_frames(NOTHING | {"frames": 0}) is None
