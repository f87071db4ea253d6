"""The training of the face check, apart from TensorFlow: hard examples, threshold, card, files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.training import make_crops, save_crops
from training import face_check
from training.data.face_check.altered_faces import ALTERATIONS
from training.data.splits import Split
from training.evaluation.synthetic_faces import synthetic_faces
from training.face_check import LAYERS, HardExamples, main, measure, new_card, threshold_of
from training.model.network import count_multiply_adds
from training.workspace import DOCUMENT, FACE_CHECK_CARD, FACE_CHECK_MODEL, sha256_of_file


class Brightness:
    """A network whose logit is the mean of its input."""

    def predict(self, crops: np.ndarray, **options: Any) -> np.ndarray:
        return crops.mean(axis=(1, 2))


def constant_logits(logit: float) -> Callable[..., np.ndarray]:
    def logits(model: Path, crops: np.ndarray, *, outputs: int) -> np.ndarray:
        assert outputs == 1
        return np.full(len(crops), logit)

    return logits


def test_hard_examples_are_those_with_the_highest_logits_of_all_so_far() -> None:
    def plain(*levels: int) -> np.ndarray:
        return np.stack([np.full((64, 64), level, np.uint8) for level in levels])

    hard = HardExamples(np.empty((0, 64, 64), np.uint8), 3)
    hard.update(Brightness(), plain(90, 120, 100, 110))
    assert hard.crops[:, 0, 0].tolist() == [120, 110, 100]
    hard.update(Brightness(), plain(115, 80))
    assert hard.crops[:, 0, 0].tolist() == [120, 115, 110]


def test_threshold_keeps_the_stated_share_of_the_faces() -> None:
    logits = np.random.default_rng(0).normal(4, 2, 5000)
    threshold = threshold_of(logits)
    scores = 1 / (1 + np.exp(-logits))
    assert (scores >= threshold).mean() == pytest.approx(face_check.KEPT_FACES, abs=0.001)


def test_metrics_are_shares_that_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face_check, "TEST_NOT_FACES", 400)
    monkeypatch.setattr(face_check, "int8_logits", constant_logits(1.0))
    metrics = measure(Path("any"), 0.7, synthetic_faces(), 1)  # a logit of 0.85
    assert metrics["faces"] == 36
    assert metrics["kept"] == metrics["kept_varied"] == metrics["passed"] == 1
    assert set(metrics["passed_by_kind"].values()) == {1}
    assert measure(Path("any"), 0.75, synthetic_faces(), 1)["kept"] == 0  # 1.1


@pytest.mark.parametrize("ships", [False, True])
def test_command_writes_model_and_card_and_ships_them_when_asked(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    ships: bool,
) -> None:
    splits = [split.value for split in Split] * 12
    crops = make_crops([True] * 36, grey=synthetic_faces(), splits=splits)
    save_crops(crops, tmp_path / "crops.npz")
    for name, path in {
        "CROPS": "crops.npz",
        "FACE_CHECK_RUN": "run",
        "FACE_CHECK_MODEL": "package/face_check.tflite",
        "FACE_CHECK_CARD": "package/face_check.json",
    }.items():
        monkeypatch.setattr(face_check, name, tmp_path / path)
    monkeypatch.setattr(face_check, "TEST_NOT_FACES", 300)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    trained: dict[str, Any] = {}

    def train(pictures: np.ndarray, **options: Any) -> str:
        trained.update(options, pictures=len(pictures))
        return "network"

    monkeypatch.setattr(face_check, "train", train)
    monkeypatch.setattr(face_check, "quantized", lambda network, pictures: network.encode())
    monkeypatch.setattr(face_check, "int8_logits", constant_logits(2.0))
    main(["--epochs", "3", "--seed", "5", *(["--ship"] if ships else [])])
    assert trained == {"epochs": 3, "seed": 5, "pictures": 12}
    model = tmp_path / "run" / "face_check.tflite"
    assert model.read_bytes() == b"network"
    card = json.loads((tmp_path / "run" / "face_check.json").read_text())
    assert card["sha256"] == sha256_of_file(model)
    assert card["threshold"] == 0.881
    assert card["date"] == "1970-01-02"
    assert card["metrics"]["faces"] == 12
    assert (tmp_path / "package" / "face_check.tflite").exists() is ships
    assert (tmp_path / "package" / "face_check.json").exists() is ships
    assert "threshold 0.881" in capsys.readouterr().out


def test_shipped_card_describes_the_shipped_file_and_this_network() -> None:
    card = json.loads(FACE_CHECK_CARD.read_text())
    assert card["sha256"] == sha256_of_file(FACE_CHECK_MODEL)
    assert card["bytes"] == FACE_CHECK_MODEL.stat().st_size < 40_000
    assert card["multiply_adds"] == count_multiply_adds(LAYERS, outputs=1) < 1_500_000
    written = new_card(FACE_CHECK_MODEL, card["threshold"], card["metrics"], card["date"])
    assert written == card


def test_documentation_repeats_the_shipped_card() -> None:
    card = json.loads(FACE_CHECK_CARD.read_text())
    text = " ".join(DOCUMENT.read_text().split("## The face check")[1].split())
    kinds = card["metrics"]["passed_by_kind"]

    def spread(*names: str) -> str:
        shares = [kinds[name] for name in names]
        return f"{min(shares):.1%} to {max(shares):.1%}"

    for part in (
        f"It has {card['bytes']:,} bytes, needs {card['multiply_adds'] / 1e6:.1f} million",
        f"A crop passes from a score of {card['threshold']} on",
        f"| faces of the test set, framed as usual | {card['metrics']['kept']:.1%} |",
        f"few pixels | {card['metrics']['kept_varied']:.1%} |",
        f"sockets | {spread('button', 'badge', 'cap', 'clock', 'socket')} |",
        f"backs of heads | {spread('hair', 'back of head')} |",
        f"| letters and text | {spread('letters', 'text')} |",
        f"half | {spread(*ALTERATIONS)} |",
    ):
        assert part in text
