"""The face check keeps faces and rejects things, and says what is wrong with its files."""

from __future__ import annotations

import json
import shutil
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from bench.scenes.props import prop_sprite
from bench.scenes.sprite import LEVELS, Place
from smile_vision import FaceCheck, ImageError, ModelError, VideoFaceDetector
from smile_vision.smiles.crop import crop_face
from smile_vision.smiles.face_check import FACE_CHECK_CARD_PATH
from tests.helpers.synthetic_photos import difficult_photo, eyes_and_mouth, synthetic_photo
from tests.helpers.video import CLIP

CARD = FACE_CHECK_CARD_PATH.name
WALL = (120, 120, 120)
THINGS = [
    *(("button", variant) for variant in range(4)),
    *(("bottle_cap", variant) for variant in range(3)),
    *(("back_of_head", variant) for variant in range(4)),
    *(("clock", variant) for variant in range(2)),
    ("screen", 0),
    ("bottle", 0),
]


@pytest.fixture(scope="module")
def check() -> FaceCheck:
    return FaceCheck.load()


@pytest.fixture(scope="module")
def detector() -> VideoFaceDetector:
    return VideoFaceDetector()


def _crop(grey: np.ndarray, eyes_and_mouth_px: np.ndarray) -> np.ndarray:
    keypoints = np.zeros((6, 2), np.float32)
    keypoints[[0, 1, 3]] = eyes_and_mouth_px
    return crop_face(grey, keypoints)


def _scaled(grey: np.ndarray, factor: float) -> np.ndarray:
    size = max(round(grey.shape[1] * factor), 1), max(round(grey.shape[0] * factor), 1)
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BOX))


def _crops_of_the_clip(detector: VideoFaceDetector, face_px: int) -> Iterator[np.ndarray]:
    """Yield the faces of every 40th frame, scaled to a width."""
    with av.open(str(CLIP)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index % 40:
                continue
            grey = np.ascontiguousarray(frame.to_ndarray(format="gray"))
            for face in detector.detect(grey):
                factor = face_px / face.box[2]
                small = _scaled(grey, factor)
                x, y, width, height = (side * factor for side in face.box)
                found = detector.look(small, (x, y, width, height))
                if found is not None:
                    yield crop_face(small, found.keypoints)


@pytest.mark.parametrize("face_px", [24, 40, 80, 200])
def test_faces_of_the_bundled_clip_are_kept(
    check: FaceCheck, detector: VideoFaceDetector, face_px: int
) -> None:
    crops = np.stack(list(_crops_of_the_clip(detector, face_px)))
    assert len(crops) > 20
    assert check.scores(crops).min() >= check.threshold


@pytest.mark.parametrize("side_px", [48, 80, 160, 320])
@pytest.mark.parametrize("smiles", [False, True])
def test_synthetic_faces_are_kept(check: FaceCheck, side_px: int, *, smiles: bool) -> None:
    photo = np.asarray(synthetic_photo([(100, 60, side_px, smiles)]).convert("L"))
    crop = _crop(photo, eyes_and_mouth(100, 60, side_px))
    assert check.scores(crop[np.newaxis]).item() >= check.threshold


@pytest.mark.parametrize("degrees", [-20, 20])
@pytest.mark.parametrize("effect", [{"paleness": 0.5}, {"blur_px": 1.5}])
def test_tilted_pale_and_blurred_faces_are_kept(
    check: FaceCheck, detector: VideoFaceDetector, degrees: int, effect: dict[str, float]
) -> None:
    photo = difficult_photo(100, degrees=degrees, **effect)
    grey = np.asarray(Image.fromarray(photo).convert("L"))
    face = detector.look(grey, (64, 42, 60, 60))
    assert face is not None
    crop = crop_face(grey, face.keypoints)
    assert check.scores(crop[np.newaxis]).item() >= check.threshold


def _thing(kind: str, variant: int, side_px: int) -> np.ndarray:
    """Return a thing in front of a wall, grey (2 side, 2 side)."""
    level = max(min(int(np.log2(prop_sprite(kind, variant, 0).side / side_px)), LEVELS - 1), 0)
    wall = Image.new("RGB", (2 * side_px, 2 * side_px), WALL)
    place = Place(side_px, side_px, side_px)
    moved = prop_sprite(kind, variant, level).moved(place, wall.size)
    assert moved is not None
    picture, corner = moved
    wall.paste(picture, corner, picture)
    return np.asarray(wall.convert("L"))


@pytest.mark.parametrize(("kind", "variant"), THINGS)
def test_thing_is_rejected(check: FaceCheck, kind: str, variant: int) -> None:
    crops = []
    for side_px in (24, 40, 80, 160):
        grey = _thing(kind, variant, side_px)
        for size in (0.8, 1.0, 1.25):
            for down in (-0.1, 0.0, 0.1):
                corner = round(side_px * (1 - size / 2)), round(side_px * (1 - size / 2 + down))
                crops.append(_crop(grey, eyes_and_mouth(*corner, round(side_px * size))))
    assert check.scores(np.stack(crops)).max() < check.threshold


@pytest.mark.parametrize(("face_share", "is_kept"), [(0.73, False), (0.79, True)])
def test_threshold_lies_between_a_doubtful_thing_and_a_doubtful_face(
    check: FaceCheck, face_share: float, *, is_kept: bool
) -> None:
    photo = np.asarray(synthetic_photo([(100, 60, 160, True)]).convert("L"))
    face = _crop(photo, eyes_and_mouth(100, 60, 160)).astype(float)
    thing = _crop(_thing("button", 2, 160), eyes_and_mouth(80, 80, 160)).astype(float)
    mixed = np.rint(face_share * face + (1 - face_share) * thing).astype(np.uint8)
    score = check.scores(mixed[np.newaxis]).item()
    assert (score >= check.threshold) is is_kept
    assert 2 / 3 < score / check.threshold < 4 / 3  # otherwise this test proves nothing


def test_letters_are_rejected(check: FaceCheck) -> None:
    crops = []
    for letter in string.ascii_letters + string.digits:
        for size in (40, 70):
            paper = Image.new("L", (64, 64), 230)
            ImageDraw.Draw(paper).text(
                (32, 32), letter, fill=30, font=ImageFont.load_default(size), anchor="mm"
            )
            crops.append(np.asarray(paper))
    assert (check.scores(np.stack(crops)) >= check.threshold).mean() < 0.03


@pytest.mark.parametrize("level", [0, 20, 128, 255])
def test_plain_wall_is_rejected(check: FaceCheck, level: int) -> None:
    assert check.scores(np.full((1, 64, 64), level, np.uint8)).item() < check.threshold


def test_noise_is_rejected(check: FaceCheck) -> None:
    rng = np.random.default_rng(0)
    crops = rng.integers(0, 256, (50, 64, 64), dtype=np.uint8)
    smooth = [
        Image.fromarray(rng.integers(0, 256, (cells, cells), dtype=np.uint8)).resize((64, 64))
        for cells in (3, 5, 8, 16) * 12
    ]
    scores = check.scores(np.concatenate([crops, np.stack([np.asarray(one) for one in smooth])]))
    assert (scores >= check.threshold).mean() <= 0.05


def test_scores_are_the_same_for_one_crop_at_a_time(check: FaceCheck) -> None:
    crops = np.random.default_rng(3).integers(0, 256, (5, 64, 64), dtype=np.uint8)
    scores = check.scores(crops)
    assert scores.dtype == np.float32
    assert scores.tolist() == [check.scores(crop[np.newaxis]).item() for crop in crops]


def test_there_are_no_scores_when_there_are_no_crops(check: FaceCheck) -> None:
    assert check.scores(np.zeros((0, 64, 64), np.uint8)).shape == (0,)


def test_error_is_clear_when_crops_have_another_shape(check: FaceCheck) -> None:
    with pytest.raises(ImageError, match="crops: expected uint8"):
        check.scores(np.zeros((1, 32, 32), np.uint8))


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    shutil.copytree(FACE_CHECK_CARD_PATH.parent, tmp_path / "models")
    return tmp_path / "models"


def test_error_is_clear_when_the_model_file_is_altered(model_folder: Path) -> None:
    path = model_folder / "face_check.tflite"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match="does not match its model card: expected sha256"):
        FaceCheck.load(model_folder / CARD)


@pytest.mark.parametrize("name", ["face_check.tflite", CARD])
def test_error_names_the_file_when_it_is_missing(model_folder: Path, name: str) -> None:
    (model_folder / name).unlink()
    with pytest.raises(ModelError, match=f"{name} cannot be read"):
        FaceCheck.load(model_folder / CARD)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("threshold", 0, "threshold: expected a number between 0 and 1 in the model card, got 0.0"),
        ("threshold", None, "threshold: expected a number in the model card, got None"),
        ("output", "probability", "output: expected 'logit'"),
        ("sha256", 5, "sha256: expected str"),
        ("file", None, "file: expected str"),
    ],
)
def test_error_names_the_field_of_the_model_card_when_it_is_invalid(
    model_folder: Path, field: str, value: Any, message: str
) -> None:
    path = model_folder / CARD
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    with pytest.raises(ModelError, match=message):
        FaceCheck.load(path)
