"""The clip is rendered from generated faces, and resembles no real person."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from smile_vision.faces.detector import FaceDetector
from smile_vision.smiles.crop import crop_face
from training.clip import render
from training.clip.check import face_in
from training.clip.faces import FaceGenerator, likeness_to
from training.clip.frames import CLIP, decode, rgb_of
from training.clip.storyboard import PEOPLE, pose_at, smile_share
from training.errors import TrainingError


class OneFace:
    """A decoder that returns the same face for every latent."""

    def __init__(self, face: np.ndarray[Any, Any]) -> None:
        self.face = face

    def predict(self, latents: np.ndarray[Any, Any], **_: object) -> np.ndarray[Any, Any]:
        return np.broadcast_to(self.face[..., None], (len(latents), 64, 64, 1))

    def save(self, path: Path) -> None:
        np.save(path.with_suffix(".npy"), self.face)


def _generator(face: np.ndarray[Any, Any], likeness: float = 0.5) -> FaceGenerator:
    people = np.arange(96 * 96, dtype=np.float32).reshape(96, 96)
    direction = np.ones(96, np.float32)
    return FaceGenerator(OneFace(face), direction, people, np.full(96, likeness, np.float32))


def test_rendered_people_have_faces_where_the_ground_truth_says() -> None:
    frame = next(decode())[1]
    grey = frame.to_ndarray(format="gray").astype(np.uint8)
    detector = FaceDetector.load()
    face = crop_face(grey, detector.detect(rgb_of(frame))[0].keypoints).astype(np.float32) / 255
    picture = next(render.render_frames(_generator(face)))
    assert picture.size == (1280, 720)
    found = detector.detect(np.asarray(picture))
    people = render.ground_truth(CLIP)["people"]
    visible = [person["name"] for person in people if face_in(found, person["box"])]
    assert visible == ["Noor", "Robin"]
    assert len(found) == 2


def test_generator_is_the_same_after_saving_and_loading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = _generator(np.zeros((64, 64), np.float32), likeness=0.7)
    models = SimpleNamespace(load_model=lambda path: OneFace(np.load(path.with_suffix(".npy"))))
    monkeypatch.setitem(sys.modules, "keras", SimpleNamespace(models=models))
    generator.save(tmp_path)
    loaded = FaceGenerator.load(tmp_path)
    for name in ("smile_direction", "people", "likeness"):
        assert np.array_equal(getattr(loaded, name), getattr(generator, name))


@pytest.mark.parametrize("broken", ["missing", "incomplete"])
def test_render_names_the_first_step_when_there_is_no_generator(
    tmp_path: Path, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keras", SimpleNamespace())
    if broken == "incomplete":
        np.savez(tmp_path / "latents.npz", people=np.zeros(1))
    with pytest.raises(TrainingError, match=r"run python -m training\.clip\.train_faces"):
        render.main(["--faces", str(tmp_path), "--out", str(tmp_path)])


def test_person_is_refused_when_too_similar_to_a_real_picture() -> None:
    face = np.zeros((64, 64), np.float32)
    render.check_likeness(_generator(face, likeness=0.84))
    with pytest.raises(TrainingError, match=r"Noor: likeness to a real picture 0\.860"):
        render.check_likeness(_generator(face, likeness=0.86))


def test_likeness_is_that_of_the_most_similar_picture_or_its_mirror_image() -> None:
    rng = np.random.default_rng(1)
    pictures = rng.random((5, 64, 64)).astype(np.float32)
    copies = np.stack([pictures[3] * 0.5 + 0.2, pictures[2][:, ::-1], rng.random((64, 64))])
    likeness = likeness_to(pictures, copies.astype(np.float32))
    assert likeness[:2] == pytest.approx([1, 1], abs=1e-3)
    assert likeness[2] < 0.2


def test_smile_is_half_at_start_and_end_and_full_between() -> None:
    shares = [smile_share(((1000, 3000),), t) for t in (800, 1000, 1200, 2000, 3000, 3200)]
    assert shares == pytest.approx([0, 0.5, 1, 1, 0.5, 0])


def test_person_walks_in_from_the_right() -> None:
    sam = PEOPLE[2]
    assert pose_at(sam, 0).x_px > 1280 + 300
    assert pose_at(sam, sam.enters_ms).x_px == pytest.approx(sam.rest.x_px, abs=10)
    assert pose_at(replace(sam, enters_ms=0), 0).x_px == pytest.approx(sam.rest.x_px, abs=10)


def test_smile_follows_the_storyboard_while_the_face_drifts() -> None:
    generator = _generator(np.zeros((64, 64), np.float32))
    latents = []
    generator.decoder.predict = lambda some, **_: (
        latents.append(some) or np.zeros((len(some), 64, 64, 1))
    )
    noor = PEOPLE[0]
    render.generate_faces(generator, replace(noor, neutral=0.25), np.random.default_rng(0))
    moved = latents[0] - generator.people[noor.latent]
    strength = moved.mean(axis=1)  # the smile direction of `_generator` is all ones
    assert strength[0] == pytest.approx(0.25, abs=1e-3)
    assert strength[25 * 7] == pytest.approx(noor.smile, abs=1e-3)  # second 7: a full smile
    drift = moved - strength[:, None]
    assert 0.05 < drift.std() < 0.5
    assert not np.allclose(drift[0], drift[100])
