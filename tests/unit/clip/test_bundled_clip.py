"""The clip that ships with the project is what its ground truth says."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from typing import Any

import av
import numpy as np
import pytest

from training.clip.check import (
    CLIP_FOLDER,
    Watched,
    episode_faults,
    episodes_of,
    face_faults,
    stranger_faults,
    watch,
)

pytestmark = pytest.mark.xdist_group("clip")  # decoded once, not once per worker

MARGIN_MS = 1500  # at both ends of the clip nobody smiles
LARGEST_BYTES = 3_000_000


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    return json.loads((CLIP_FOLDER / "smiles.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def watched(truth: dict[str, Any]) -> Watched:
    """What the shipped vision sees in every tenth frame."""
    return watch(CLIP_FOLDER / truth["clip"], truth["people"], every=10, kinds=("full", "back"))


def test_clip_is_the_file_described_when_hashed(truth: dict[str, Any]) -> None:
    content = (CLIP_FOLDER / truth["clip"]).read_bytes()

    assert hashlib.sha256(content).hexdigest() == truth["sha256"]
    assert len(content) <= LARGEST_BYTES


def test_clip_has_stated_size_and_length_when_decoded(truth: dict[str, Any]) -> None:
    with av.open(str(CLIP_FOLDER / truth["clip"])) as container:
        stream = container.streams.video[0]
        times = [frame.time for frame in container.decode(stream)]
        assert stream.codec_context.name == "h264"
        assert (stream.width, stream.height) == (truth["width"], truth["height"])
        assert stream.average_rate == truth["frame_rate"]

    assert len(times) * 1000 == truth["duration_ms"] * truth["frame_rate"]
    assert times == pytest.approx(np.arange(len(times)) / truth["frame_rate"], abs=1e-4)


def test_episodes_lie_apart_and_inside_when_read(truth: dict[str, Any]) -> None:
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


def test_smiles_of_two_people_overlap_when_compared(truth: dict[str, Any]) -> None:
    episodes = sorted(truth["episodes"], key=lambda episode: episode["start_ms"])

    assert any(
        later["start_ms"] < earlier["end_ms"] and later["person"] != earlier["person"]
        for earlier, later in pairwise(episodes)
    )


def test_every_face_is_found_when_wholly_in_the_picture(
    truth: dict[str, Any], watched: Watched
) -> None:
    assert list(face_faults(truth, watched)) == []


def test_nobody_else_is_found_when_watched(truth: dict[str, Any], watched: Watched) -> None:
    assert list(stranger_faults(truth, watched)) == []


def test_scores_agree_with_the_ground_truth_when_judged(
    truth: dict[str, Any], watched: Watched
) -> None:
    assert list(episode_faults(truth, watched)) == []


def test_a_wrong_ground_truth_is_noticed_when_episodes_are_shifted(
    truth: dict[str, Any], watched: Watched
) -> None:
    shifted = [
        {**episode, "start_ms": episode["start_ms"] + 1000, "end_ms": episode["end_ms"] + 1000}
        for episode in truth["episodes"]
    ]

    assert len(list(episode_faults({**truth, "episodes": shifted}, watched))) >= 3
