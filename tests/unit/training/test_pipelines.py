"""The photo and the video pipeline use the service's own detector and classifier."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from smile_vision.faces.detection import FaceDetection
from smile_vision.smiles.classifier import SmileClassifier
from tests.helpers.training import save_clip_photos, write_labels
from training.errors import TrainingError
from training.evaluation import pipelines
from training.evaluation.photo_metrics import PhotoScores, photo_score_metrics
from training.evaluation.pipelines import (
    Pipeline,
    photo_pipeline,
    score_photos,
    video_pipeline,
)
from training.evaluation.synthetic_faces import synthetic_faces


@pytest.fixture(scope="module", params=["photo", "video"])
def pipeline(request: pytest.FixtureRequest) -> Pipeline:
    return photo_pipeline() if request.param == "photo" else video_pipeline()


def test_photo_has_no_score_when_there_is_no_face(tmp_path: Path, pipeline: Pipeline) -> None:
    Image.new("RGB", (180, 200), (90, 120, 90)).save(tmp_path / "lawn.jpg")
    assert pipeline(tmp_path / "lawn.jpg") is None


def test_smiles_of_whole_photos_are_recognised(tmp_path: Path, pipeline: Pipeline) -> None:
    assert save_clip_photos(tmp_path) == {"Noor.png": False, "Robin.png": True, "Sam.png": True}
    metrics = photo_score_metrics(score_photos(tmp_path, pipeline), threshold=0.5)
    assert metrics["photos"] == 3
    assert metrics["no_face_found"] == 0
    assert metrics["accuracy_all_photos"] == 1.0
    found = metrics["found_faces"]
    assert (found["true_positive"], found["true_negative"]) == (2, 1)


def test_largest_face_counts_in_video_and_is_scored_without_its_mirror_image(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    labels = save_clip_photos(tmp_path)
    photo = tmp_path / next(name for name, smile in labels.items() if smile)

    def faces(boxes: list[tuple[float, float, float, float]]) -> list[FaceDetection]:
        eyes_nose_and_mouth = [[30, 30], [60, 30], [45, 45], [45, 60], [20, 35], [70, 35]]
        keypoints = np.array([[x + a, y + b] for x, y, *_ in boxes for a, b in eyes_nose_and_mouth])
        return [
            FaceDetection(box=box, keypoints=keypoints[6 * n : 6 * n + 6], score=0.9)
            for n, box in enumerate(boxes)
        ]

    cropped: list[Any] = []

    class Detector:
        def detect(self, grey: np.ndarray) -> list[FaceDetection]:
            assert grey.ndim == 2
            return faces([(0, 0, 100, 5), (1, 0, 20, 60), (2, 0, 30, 30), (3, 0, 9, 90)])

    def crop(grey: np.ndarray, keypoints: np.ndarray) -> np.ndarray:
        cropped.append(keypoints[0, 0])
        return face

    face = synthetic_faces()[7]  # its mirror image has another score
    monkeypatch.setattr(pipelines, "VideoFaceDetector", Detector)
    monkeypatch.setattr(pipelines, "crop_face", crop)
    score = video_pipeline()(photo)
    assert cropped == [31]
    mirrored, plain = (
        float(SmileClassifier.load(flip=flip).smile_scores(face[np.newaxis])[0])
        for flip in (True, False)
    )
    assert score == plain != mirrored


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (None, r"no labels\.csv"),
        ("file,label\nlawn.jpg,1\n", "column 'path' is missing; expected path,smile"),
        ("path,smile\nlawn.jpg,yes\n", "line 2: smile: expected 0 or 1, got 'yes'"),
        ("path,smile\nabsent.jpg,1\n", r"photo absent\.jpg: "),
        ("path,smile\nlawn.jpg,1\n", "expected faces with and without a smile to be found"),
    ],
)
def test_photos_are_rejected_when_they_cannot_be_evaluated(
    tmp_path: Path, pipeline: Pipeline, table: str | None, message: str
) -> None:
    Image.new("RGB", (180, 200), (90, 120, 90)).save(tmp_path / "lawn.jpg")
    if table is not None:
        (tmp_path / "labels.csv").write_text(table)
    with pytest.raises(TrainingError, match=message):
        photo_score_metrics(score_photos(tmp_path, pipeline), threshold=0.5)


@pytest.mark.parametrize("smile", [True, False])
def test_photos_are_rejected_when_all_faces_have_the_same_label(
    tmp_path: Path, smile: bool
) -> None:
    write_labels(tmp_path, {"a": smile, "b": smile, "c": not smile})
    scores = {"a": 0.1, "b": 0.9, "c": None}
    with pytest.raises(TrainingError, match="with and without a smile"):
        photo_score_metrics(score_photos(tmp_path, lambda path: scores[path.name]), threshold=0.5)


def test_photo_counts_as_an_error_when_no_face_is_found(tmp_path: Path) -> None:
    scores = {"a": 0.9, "b": 0.3, "c": None, "d": 0.2, "e": 0.6}
    labels = {"a": True, "b": False, "c": False, "d": True, "e": False}
    write_labels(tmp_path, labels)
    metrics = photo_score_metrics(
        score_photos(tmp_path, lambda path: scores[path.name]), threshold=0.5
    )
    assert metrics["photos"] == 5
    assert metrics["no_face_found"] == 1
    assert metrics["accuracy_all_photos"] == 0.4
    assert metrics["accuracy_all_photos_95"] == [0.1176, 0.7693]
    assert metrics["found_faces"]["pictures"] == 4
    assert metrics["found_faces"]["accuracy"] == 0.5
    assert metrics["best_threshold"] == 0.75
    assert metrics["accuracy_at_best_threshold"] == 0.75


def test_photo_counts_as_an_error_when_its_face_cannot_be_scored(tmp_path: Path) -> None:
    scores = {"a": 0.9, "b": 0.3, "c": np.nan, "d": np.nan, "e": None}
    write_labels(tmp_path, {"a": True, "b": False, "c": False, "d": True, "e": True})
    metrics = photo_score_metrics(
        score_photos(tmp_path, lambda path: scores[path.name]), threshold=0.5
    )
    assert (metrics["no_face_found"], metrics["not_scored"]) == (1, 2)
    assert metrics["accuracy_all_photos"] == 0.4
    assert metrics["found_faces"]["pictures"] == 2
    assert metrics["accuracy_at_best_threshold"] == 1.0


def test_face_has_no_score_when_its_mouth_is_hidden(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pipeline: Pipeline
) -> None:
    classify = SmileClassifier.classify
    monkeypatch.setattr(
        SmileClassifier,
        "classify",
        lambda self, crops: classify(self, crops)._replace(
            is_mouth_visible=np.zeros(len(crops), bool)
        ),
    )
    name = next(iter(save_clip_photos(tmp_path)))
    score = pipeline(tmp_path / name)
    assert score is not None and np.isnan(score)


def test_small_face_has_a_score_in_a_photo_and_none_in_a_video(tmp_path: Path) -> None:
    name = next(iter(save_clip_photos(tmp_path)))
    with Image.open(tmp_path / name) as photo:
        size = [round(side / 22) for side in photo.size]
        small = Image.new("RGB", (200, 150), "grey")
        small.paste(photo.resize((size[0], size[1])), (80, 60))
    small.save(tmp_path / "small.png")
    score = photo_pipeline()(tmp_path / "small.png")
    assert score is not None and np.isfinite(score)
    score = video_pipeline()(tmp_path / "small.png")
    assert score is None or np.isnan(score)


def test_scores_without_a_face_are_ignored() -> None:
    smile, found = np.array([True, False, True]), np.array([True, True, False])
    some, other = (
        PhotoScores(np.array(["a", "b", "c"]), smile, np.array([0.9, 0.1, last]), found)
        for last in (0.9, np.nan)
    )
    assert photo_score_metrics(some, 0.5) == photo_score_metrics(other, 0.5)


def test_photos_are_named_as_in_their_table(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    write_labels(tmp_path / "inner", {"a.jpg": True, "b/c.jpg": False})
    photos = score_photos(tmp_path, lambda _: 0.5)
    assert photos.names.tolist() == ["a.jpg", "b/c.jpg"]
    assert photos.smile.tolist() == [True, False]
