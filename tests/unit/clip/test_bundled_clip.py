"""The bundled clip agrees with its ground truth, its storyboard and the shipped vision."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from training.clip import check
from training.clip.check import (
    NEUTRAL_BELOW,
    SMILING_ABOVE,
    TRANSITION_MS,
    Measured,
    detection_faults,
    episodes_of,
    extra_face_faults,
    measure,
    score_faults,
)
from training.clip.frames import CLIP
from training.clip.render import ground_truth
from training.errors import TrainingError

pytestmark = pytest.mark.xdist_group("clip")  # decoded once, not once per worker

MARGIN_MS = 1500  # nobody smiles at the start and at the end of the clip
LARGEST_BYTES = 3_000_000


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    return json.loads(CLIP.with_suffix(".json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def measured(truth: dict[str, Any]) -> Measured:
    """Return what the shipped vision sees in every tenth frame."""
    return measure(CLIP, truth["people"], every=10, kinds=("full", "back"))


def test_clip_has_the_recorded_checksum(truth: dict[str, Any]) -> None:
    content = CLIP.read_bytes()
    assert truth["clip"] == CLIP.name
    assert hashlib.sha256(content).hexdigest() == truth["sha256"]
    assert len(content) <= LARGEST_BYTES


def test_clip_has_the_recorded_size_and_length(truth: dict[str, Any]) -> None:
    with av.open(str(CLIP)) as container:
        stream = container.streams.video[0]
        times = [frame.time for frame in container.decode(stream)]
        assert stream.codec_context.name == "h264"
        assert (stream.width, stream.height) == (truth["width"], truth["height"])
        assert stream.average_rate == truth["frame_rate"]

    assert len(times) * 1000 == truth["duration_ms"] * truth["frame_rate"]
    assert times == pytest.approx(np.arange(len(times)) / truth["frame_rate"], abs=1e-4)


def test_ground_truth_is_that_of_the_storyboard(truth: dict[str, Any]) -> None:
    assert ground_truth(CLIP) == truth


def test_episodes_are_apart_and_inside_the_clip(truth: dict[str, Any]) -> None:
    assert len(truth["episodes"]) >= 5
    for person, described in enumerate(truth["people"]):
        episodes = sorted(episodes_of(truth, person))
        first, last = described["present_ms"]
        assert episodes
        for start, end in episodes:
            assert max(first, MARGIN_MS) <= start < end
            assert end <= min(last, truth["duration_ms"] - MARGIN_MS)
        for (_, end), (start, _) in pairwise(episodes):
            assert start - end >= MARGIN_MS


def test_smiles_of_two_people_overlap(truth: dict[str, Any]) -> None:
    episodes = sorted(truth["episodes"], key=lambda episode: episode["start_ms"])
    assert any(
        later["start_ms"] < earlier["end_ms"] and later["person"] != earlier["person"]
        for earlier, later in pairwise(episodes)
    )


def test_shipped_vision_agrees_with_the_ground_truth(
    truth: dict[str, Any], measured: Measured
) -> None:
    assert len(measured.times_ms) == 75
    assert list(detection_faults(truth, measured)) == []
    assert list(extra_face_faults(truth, measured)) == []
    assert list(score_faults(truth, measured)) == []


def test_wrong_ground_truth_is_noticed_when_the_episodes_are_shifted(
    truth: dict[str, Any], measured: Measured
) -> None:
    shifted = [
        {**episode, "start_ms": episode["start_ms"] + 1000, "end_ms": episode["end_ms"] + 1000}
        for episode in truth["episodes"]
    ]
    assert len(list(score_faults({**truth, "episodes": shifted}, measured))) >= 3


ONE_PERSON: dict[str, Any] = {
    "people": [{"name": "Ada", "visible_ms": [100, 5000], "present_ms": [200, 5000]}],
    "episodes": [{"person": 0, "start_ms": 1000, "end_ms": 3000}],
}


def _one_person(times_ms: list[float], scores: list[float], faces: list[int]) -> Measured:
    return Measured(
        np.array(times_ms),
        np.array([scores], np.float32),
        {"full": np.array([np.minimum(faces, 1)], np.float32)},
        {"full": np.array(faces)},
    )


def test_missed_face_is_a_fault_only_while_the_whole_face_is_visible() -> None:
    times = [150.0, 200.0, 300.0, 5000.0]
    faults = detection_faults(ONE_PERSON, _one_person(times, [0.0] * 4, [0, 0, 1, 0]))
    assert list(faults) == ["Ada: detector full misses 2 frames"]


def test_extra_face_is_a_fault() -> None:
    times = [50.0, 100.0, 300.0]
    faults = extra_face_faults(ONE_PERSON, _one_person(times, [0.0] * 3, [1, 1, 2]))
    assert list(faults) == ["detector full finds too many faces in 2 frames"]


@pytest.mark.parametrize(
    ("neutral", "smiling", "fault"),
    [
        (NEUTRAL_BELOW - 0.01, SMILING_ABOVE + 0.01, None),
        (0.16, 0.99, "Ada: scores up to 0.16 without a smile"),
        (0.01, 0.84, "Ada: scores down to 0.84 while smiling"),
    ],
)
def test_score_is_a_fault_when_it_does_not_separate_smiles(
    neutral: float, smiling: float, fault: str | None
) -> None:
    between = [1000 - TRANSITION_MS + 1, 1000, 1000 + TRANSITION_MS - 1, 3399]
    times = [300.0, 600.0, *between, 1400.0, 2000.0, 2600.0, 3400.0]
    scores = [np.nan, neutral, 0.5, 0.5, 0.5, 0.5, smiling, np.nan, smiling, neutral]
    faults = score_faults(ONE_PERSON, _one_person(times, scores, [1] * 10))
    assert list(faults) == ([] if fault is None else [fault])


def test_check_reports_every_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "smiles.json").write_text(json.dumps({**ONE_PERSON, "clip": "smiles.mp4"}))
    times = [300.0, 2000.0]
    good, bad = (_one_person(times, [0.0, score], [1, 1]) for score in (0.9, 0.5))
    monkeypatch.setattr(check, "measure", lambda *_: good)
    check.main(["--clip", str(tmp_path)])
    assert "all faces are found" in capsys.readouterr().out
    bad.face_scores["back"] = np.array([[0.0, 1.0]], np.float32)
    monkeypatch.setattr(check, "measure", lambda *_: bad)
    with pytest.raises(TrainingError) as caught:
        check.main(["--clip", str(tmp_path)])
    assert "detector back misses 1 frames" in str(caught.value)
    assert "scores down to 0.50 while smiling" in str(caught.value)


@pytest.mark.parametrize("content", [None, "{", "{}", '{"clip": "absent.mp4", "people": []}'])
def test_check_names_the_folder_when_it_holds_no_clip(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "smiles.json").write_text(content)
    with pytest.raises(TrainingError, match=f"no clip with ground truth in {tmp_path.name}"):
        check.main(["--clip", str(tmp_path)])
