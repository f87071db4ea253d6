"""The largest face of each photo is cut out as the product does it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from smile_vision.faces.photo_detector import PhotoFaceDetector
from smile_vision.smiles.crop import crop_face
from training.baselines.photo_crops import crop_photos
from training.clip.frames import decode, rgb_of
from training.errors import TrainingError


def test_largest_face_of_each_photo_is_cut_out(tmp_path: Path) -> None:
    rgb = rgb_of(next(decode())[1])
    Image.fromarray(rgb).save(tmp_path / "people.png")
    Image.new("RGB", (180, 200), (90, 120, 90)).save(tmp_path / "lawn.png")
    (tmp_path / "labels.csv").write_text("path,smile\npeople.png,1\nlawn.png,0\n")
    photos = crop_photos(str(tmp_path))
    assert photos.name.tolist() == ["people.png", "lawn.png"]
    assert photos.smile.tolist() == [True, False]
    assert photos.found.tolist() == [True, False]
    assert not photos.crop[1].any()
    largest = max(PhotoFaceDetector().detect(rgb), key=lambda face: face.box[2] * face.box[3])
    grey = np.asarray(Image.fromarray(rgb).convert("L"))
    assert np.array_equal(photos.crop[0], crop_face(grey, largest.keypoints))
    assert photos.frame.shape == (2, 150, 150, 3)
    assert photos.frame[0].mean() == pytest.approx(rgb.mean(), abs=2)


def test_photo_is_named_when_it_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("path,smile\nabsent.png,1\n")
    with pytest.raises(TrainingError, match=r"photo absent\.png"):
        crop_photos(str(tmp_path))
