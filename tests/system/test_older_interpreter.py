"""The shipped model gives the same logits on tflite-runtime, the older interpreter."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest

from smile_vision import FaceDetector, SmileClassifier, crop_face, load_interpreter
from smile_vision.smiles.classifier import MODEL_CARD_PATH

pytestmark = pytest.mark.system

REPOSITORY = Path(__file__).resolve().parents[2]
PYTHON = REPOSITORY / ".venv-tflite" / "bin" / "python"
COMPUTE_LOGITS = """
import sys
import numpy as np
from smile_vision.smiles.classifier import SmileClassifier
np.save(sys.argv[2], SmileClassifier.load().logits(np.load(sys.argv[1])))
assert "tflite_runtime" in sys.modules
"""


def _crops_of_the_clip() -> np.ndarray:
    detector = FaceDetector.load()
    crops = []
    with av.open(str(REPOSITORY / "local/clip/smiles.mp4")) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index % 75 == 0:
                grey = frame.to_ndarray(format="gray")
                found = detector.detect(frame.to_ndarray(format="rgb24"))
                crops += [crop_face(grey, face.keypoints) for face in found]
    return np.stack(crops)


@pytest.mark.skipif(not PYTHON.exists(), reason="tflite-runtime has wheels up to Python 3.11 only")
def test_logits_agree_within_one_quantisation_step(tmp_path: Path) -> None:
    crops = _crops_of_the_clip()
    assert len(crops) > 20
    np.save(tmp_path / "crops.npy", crops)
    subprocess.run(
        [PYTHON, "-c", COMPUTE_LOGITS, tmp_path / "crops.npy", tmp_path / "logits.npy"],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY / "layers/smile_vision/python")},
        check=True,
        timeout=60,
    )
    older = np.load(tmp_path / "logits.npy")
    newer = SmileClassifier.load().logits(crops)
    assert np.ptp(newer) > 2, "the clip shows faces that smile and faces that do not"
    assert np.abs(older - newer).max() <= _output_step() * 1.01


def _output_step() -> float:
    interpreter = load_interpreter(MODEL_CARD_PATH.with_suffix(".tflite"))
    scale, _ = interpreter.get_output_details()[0]["quantization"]
    return float(scale)
