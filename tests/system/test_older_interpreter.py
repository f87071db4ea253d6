"""The shipped model gives the same logits on tflite-runtime, the older interpreter."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from smile_vision import FaceDetector, crop_face
from tests.helpers.training import CLIP
from training import gate
from training.evaluation import interpreters
from training.evaluation.predict import logit_step
from training.workspace import MODEL

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(
        not interpreters.OLDER_PYTHON.exists(),
        reason="tflite-runtime has wheels up to Python 3.11 only",
    ),
]


def _crops_of_the_clip() -> NDArray[np.uint8]:
    detector = FaceDetector.load()
    crops = []
    with av.open(str(CLIP / "smiles.mp4")) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index % 75 == 0:
                grey = frame.to_ndarray(format="gray")
                found = detector.detect(frame.to_ndarray(format="rgb24"))
                crops += [crop_face(grey, face.keypoints) for face in found]
    return np.stack(crops)


def test_logits_agree_within_one_quantisation_step() -> None:
    crops = _crops_of_the_clip()
    assert len(crops) > 20
    newer = interpreters.litert_logits(crops)
    assert np.ptp(newer) > 2, "the clip shows both faces that smile and faces that do not"
    assert (
        np.abs(interpreters.tflite_runtime_logits(crops) - newer).max() <= logit_step(MODEL) * 1.01
    )


def test_gate_checks_both_interpreters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gate, "CROPS", tmp_path / "absent.npz")
    gate.main(["--photos", "none"])
    shown = capsys.readouterr().out
    for name in ("LiteRT", "tflite-runtime"):
        assert f"{name}: logits of synthetic faces as recorded" in shown
