"""Faces of photos that cannot be scored: what the command prints, and what the detector returns."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from smile_vision.cli import main
from smile_vision.photos.photo_smiles import PhotoSmileDetector
from smile_vision.smiles.classifier import SmileClassifier
from tests.helpers.synthetic_photos import synthetic_photo


def hide_mouths(monkeypatch: pytest.MonkeyPatch, *is_hidden: bool) -> None:
    """Hide the mouths of faces, in the order in which they are classified."""
    classify = SmileClassifier.classify
    monkeypatch.setattr(
        SmileClassifier,
        "classify",
        lambda self, crops: classify(self, crops)._replace(is_mouth_visible=~np.array(is_hidden)),
    )


@pytest.mark.parametrize("is_main", [True, False])
def test_command_cannot_tell_when_the_mouth_is_hidden(
    is_main: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hide_mouths(monkeypatch, is_main, not is_main)
    faces_of_two = [(40, 60, 300, True), (400, 150, 180, False)]
    synthetic_photo(faces_of_two).save(tmp_path / "two.png")
    assert main([str(tmp_path / "two.png"), "--json"]) == 0
    faces = json.loads(capsys.readouterr().out)["faces"]
    hidden, seen = faces if is_main else faces[::-1]
    assert (hidden["smile_score"], hidden["smiling"]) == (None, None)
    assert hidden["quality"] == "mouth hidden"
    assert (seen["smiling"], seen["quality"]) == (not is_main, "good")
    assert main([str(tmp_path / "two.png")]) == 0
    lines = capsys.readouterr().out.splitlines()
    if is_main:
        assert lines[0].endswith("two.png: cannot tell (mouth hidden), main face of 2")
    else:
        assert re.fullmatch(r"  cannot tell \(mouth hidden\) at \d+, \d+", lines[1])


def test_face_that_the_edge_cuts_has_a_reason_instead_of_a_score(tmp_path: Path) -> None:
    synthetic_photo([(170, 60, 300, True)], (640, 260)).save(tmp_path / "bad.png")
    (found,) = PhotoSmileDetector.load().read(tmp_path / "bad.png").faces
    assert (found.smile_score, found.smiling) == (None, None)
    assert found.decision == "cannot tell (cut off)"


def test_small_face_of_a_photo_has_a_score(tmp_path: Path) -> None:
    synthetic_photo([(300, 200, 26, True)], (640, 480)).save(tmp_path / "small.png")
    (found,) = PhotoSmileDetector.load().read(tmp_path / "small.png").faces
    assert found.smile_score is not None
