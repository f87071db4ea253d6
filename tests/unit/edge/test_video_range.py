from __future__ import annotations

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_lambda.camera import Frame
from edge_lambda.faces.vision import SmileVision
from edge_lambda.synthetic_face import draw_face
from smile_vision.faces.video_detector import ROOM
from smile_vision.smiles.classifier import Classified, SmileClassifier


@pytest.mark.parametrize("pixel_format", ["yuv420p", "nv12"])
def test_classifier_gets_the_same_face_from_limited_and_full_range_video(
    monkeypatch: pytest.MonkeyPatch, pixel_format: str
) -> None:
    crops: list[NDArray[np.int64]] = []

    def record(_: SmileClassifier, faces: NDArray[np.uint8]) -> Classified:
        crops.append(faces.astype(int))
        zeros = np.zeros(len(faces), np.float32)
        return Classified(zeros, np.ones(len(faces), bool), zeros)

    monkeypatch.setattr(SmileClassifier, "classify", record)
    vision = SmileVision()
    pixels = np.asarray(draw_face(240, smiles=True))
    picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
    full = Frame(0, 0.0, picture.reformat(format="yuvj420p"))
    limited = Frame(0, 0.0, picture.reformat(format=pixel_format))
    face = vision.look(full, (0.2, 0.2, 0.6, 0.6), ROOM)
    assert face is not None
    for frame in (full, limited):
        vision.score(frame, [face.keypoints])
    assert np.ptp(crops[0]) > 180
    assert np.abs(crops[0] - crops[1]).max() <= 2
