"""Crops and photos for the tests of the training commands: no real people, no data set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from smile_vision.smiles.classifier import Classified, SmileClassifier
from training.data.annotations import Tier
from training.data.crops import FERPLUS, SMILESMILED, UNKNOWN, Crops
from training.data.splits import Split

CLIP = Path(__file__).resolve().parents[2] / "local" / "clip"
TIERS = {True: Tier.CLEAR, False: Tier.NONE}
_MARGIN_PX = 90  # around a person's face in a photo
_FRAME_MS = 14_200  # Robin and Sam smile, Noor does not


def make_crops(
    smile: Sequence[bool] | NDArray[np.bool_],
    *,
    grey: NDArray[np.uint8] | None = None,
    tiers: Sequence[str] | None = None,
    adjudicated: Sequence[str] | None = None,
    splits: Sequence[str] | None = None,
    collection: str = SMILESMILED,
) -> Crops:
    """Return crops with these labels; by default clear tiers, in the test set, named 0, 1, 2…"""
    count = len(smile)
    tiers = tiers if tiers is not None else [TIERS[bool(label)].value for label in smile]
    return Crops(
        grey=np.zeros((count, 64, 64), np.uint8) if grey is None else grey,
        smile=np.array(smile, dtype=bool),
        target=np.array([0.98 if label else 0.02 for label in smile], np.float32),
        tier=np.array(tiers),
        adjudicated=np.array(tiers if adjudicated is None else adjudicated),
        split=np.array([Split.TEST.value] * count if splits is None else splits),
        name=np.array([str(number) for number in range(count)]),
        collection=np.array([collection] * count),
        share=np.full(count, np.nan, np.float32),
        expression=np.array([""] * count),
        mouth_visible=np.ones(count, np.float32),
        mouth_open=np.full(count, UNKNOWN, np.float32),
    )


def see_every_mouth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the classifier score noise and synthetic faces, too, whose mouths it may not find."""
    classify = SmileClassifier.classify

    def classify_all(classifier: SmileClassifier, crops: NDArray[np.uint8]) -> Classified:
        visible = np.ones(len(crops), dtype=bool)
        return classify(classifier, crops)._replace(is_mouth_visible=visible)

    monkeypatch.setattr(SmileClassifier, "classify", classify_all)


def save_crops(crops: Crops, path: Path) -> None:
    """Save SMILEsmileD as prepare does, with a part of FER+ that no metric of it may include."""
    noise = np.random.default_rng(11).integers(0, 256, (6, 64, 64), dtype=np.uint8)
    others = [
        make_crops([True, False], grey=noise[:2], splits=[split.value] * 2, collection=FERPLUS)
        for split in Split
    ]
    Crops.joined([crops, *others]).save(path)


def save_clip_photos(folder: Path) -> dict[str, bool]:
    """Save a photo of each of the clip's three synthetic people, and ``labels.csv``.

    Returns which of the photos shows a smile, by file name.
    """
    truth = json.loads((CLIP / "smiles.json").read_text(encoding="utf-8"))
    frame = _frame_at(CLIP / truth["clip"], _FRAME_MS)
    smiling = {
        episode["person"]
        for episode in truth["episodes"]
        if episode["start_ms"] <= _FRAME_MS <= episode["end_ms"]
    }
    labels = {}
    for number, person in enumerate(truth["people"]):
        x, y, width, height = person["box"]
        box = (x - _MARGIN_PX, y - _MARGIN_PX, x + width + _MARGIN_PX, y + height + _MARGIN_PX)
        name = f"{person['name']}.png"
        frame.crop(box).save(folder / name)
        labels[name] = number in smiling
    write_labels(folder, labels)
    return labels


def write_labels(folder: Path, labels: dict[str, bool]) -> Path:
    """Write ``labels.csv`` (path, smile)."""
    rows = "".join(f"{name},{smile:d}\n" for name, smile in labels.items())
    table = folder / "labels.csv"
    table.write_text(f"path,smile\n{rows}")
    return table


def _frame_at(clip: Path, time_ms: float) -> Image.Image:
    with av.open(str(clip)) as container:
        for frame in container.decode(video=0):
            if float(frame.time or 0) * 1000 >= time_ms:
                image: Any = frame.to_image()
                return image
    raise AssertionError(f"the clip has no frame at {time_ms} ms")
