"""Smile score and visible mouth of a crop; errors when the model or its model card is invalid."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smile_vision.errors import ImageError, ModelError
from smile_vision.faces.photo_detector import PhotoFaceDetector
from smile_vision.smiles.classifier import MODEL_CARD_PATH, SmileClassifier
from smile_vision.smiles.crop import crop_face
from smile_vision.smiles.preprocess import preprocess
from tests.helpers.synthetic_photos import synthetic_photo


class ThreeLogits:
    """A network with any quantization and shapes: mean, left and right column of its input.

    They are the logits of a smile, of a visible and of an open mouth.
    """

    def __init__(
        self,
        dtype: type,
        scale: float = 0.0,
        zero_point: int = 0,
        *,
        input_shape: tuple[int, ...] = (1, 64, 64, 1),
        output_shape: tuple[int, ...] = (1, 3),
    ) -> None:
        self.details = {"index": 0, "dtype": dtype, "quantization": (scale, zero_point)}
        self.input_shape, self.output_shape = input_shape, output_shape
        self.seen: list[np.ndarray] = []

    def get_input_details(self) -> list[dict[str, Any]]:
        return [{**self.details, "shape": np.array(self.input_shape)}]

    def get_output_details(self) -> list[dict[str, Any]]:
        return [{**self.details, "shape": np.array(self.output_shape)}]

    def set_tensor(self, tensor_index: int, value: np.ndarray) -> None:
        assert value.dtype == self.details["dtype"]
        self.seen.append(value.copy())

    def invoke(self) -> None:
        pass

    def get_tensor(self, tensor_index: int) -> np.ndarray:
        crop = self.seen[-1]
        return np.array([[crop.mean(), crop[0, 0, 0, 0], crop[0, 0, -1, 0]]]).astype(
            self.details["dtype"]
        )


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    shutil.copytree(MODEL_CARD_PATH.parent, tmp_path / "models")
    return tmp_path / "models"


def change_card(folder: Path, **fields: Any) -> Path:
    path = folder / MODEL_CARD_PATH.name
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))
    return path


def grey(level: int, count: int = 1) -> np.ndarray:
    return np.full((count, 64, 64), level, np.uint8)


@pytest.mark.parametrize(
    ("dtype", "scale", "zero_point"),
    [(np.int8, 1 / 128, 0), (np.int8, 2 / 255, -1), (np.uint8, 1 / 128, 128), (np.float32, 0, 0)],
)
@pytest.mark.parametrize("darker", [1, 16])
def test_input_and_output_are_quantized_as_the_model_says(
    dtype: type, scale: float, zero_point: int, darker: int
) -> None:
    card = SmileClassifier.load().model_card
    network = ThreeLogits(dtype, scale, zero_point)
    crop = np.arange(4096).reshape(1, 64, 64).astype(np.uint8) // darker
    logits = SmileClassifier(network, card).logits(crop)
    expected, step = preprocess(crop), scale or 1e-6
    seen = (network.seen[-1].astype(np.float64) - zero_point) * (scale or 1)
    assert np.abs(seen - expected).max() <= step / 2 + 1e-6
    assert logits.shape == (1, 3)
    assert logits[0, 0] == pytest.approx(expected.mean(), abs=2 * step)
    assert logits[0, 1] == pytest.approx(expected[0, 0, 0, 0], abs=step)
    assert logits[0, 2] == pytest.approx(expected[0, 0, -1, 0], abs=step)


def test_input_beyond_the_quantized_range_is_clipped() -> None:
    network = ThreeLogits(np.int8, 1 / 250)  # -0.512 to 0.508
    crop = np.repeat(np.array([30, 230], np.uint8), 2048).reshape(1, 64, 64)
    SmileClassifier(network, SmileClassifier.load().model_card).logits(crop)
    assert np.unique(network.seen[-1]).tolist() == [-128, 127]


def test_score_is_the_logit_calibrated_as_the_model_card_says() -> None:
    classifier = SmileClassifier.load()
    crops = np.random.default_rng(0).integers(0, 256, (4, 64, 64), dtype=np.uint8)
    card, logits = classifier.model_card, classifier.logits(crops)[:, 0]
    expected = 1 / (1 + np.exp(-(card.calibration_scale * logits + card.calibration_bias)))
    assert classifier.smile_scores(crops) == pytest.approx(expected, abs=1e-6)


def test_scores_are_the_same_for_one_crop_at_a_time() -> None:
    classifier = SmileClassifier.load()
    crops = np.random.default_rng(3).integers(0, 256, (5, 64, 64), dtype=np.uint8)
    scores = classifier.smile_scores(crops)
    assert scores.dtype == np.float32
    assert scores.tolist() == [classifier.smile_scores(crop[None]).item() for crop in crops]


def test_there_are_no_scores_when_there_are_no_crops() -> None:
    classified = SmileClassifier.load(flip=True).classify(grey(0, 0))
    assert [part.shape for part in classified] == [(0,)] * 3


def test_mirror_image_scores_the_same_when_flip_is_on() -> None:
    classifier = SmileClassifier.load(flip=True)
    crops = np.random.default_rng(4).integers(0, 256, (3, 64, 64), dtype=np.uint8)
    mirrored = np.ascontiguousarray(crops[:, :, ::-1])
    assert (classifier.smile_scores(crops) == classifier.smile_scores(mirrored)).all()


def halves(left: int, right: int) -> np.ndarray:
    """Return a crop of two grey levels, uint8 (1, 64, 64)."""
    return np.repeat(np.array([left, right], np.uint8), 32)[None, None].repeat(64, axis=1)


def three_logits_classifier(mouth_threshold: float = 0.5, *, flip: bool = False) -> SmileClassifier:
    card = replace(SmileClassifier.load().model_card, mouth_threshold=mouth_threshold)
    return SmileClassifier(ThreeLogits(np.float32), card, flip=flip)


@pytest.mark.parametrize(
    ("threshold", "is_visible"),
    [(0.5, [False, True, True]), (0.501, [False, False, True]), (0.6, [False] * 3)],
)
def test_mouth_is_visible_from_the_threshold_of_the_model_card_on(
    threshold: float, is_visible: list[bool]
) -> None:
    crops = np.concatenate([halves(level, 200) for level in (80, 128, 160)])
    scores, is_mouth_visible, _ = three_logits_classifier(threshold).classify(crops)
    assert is_mouth_visible.dtype == bool
    assert is_mouth_visible.tolist() == is_visible
    assert (scores == three_logits_classifier().smile_scores(crops)).all()


def test_all_logits_are_averaged_with_those_of_the_mirror_image_when_flip_is_on() -> None:
    crops = np.concatenate([halves(150, 100), halves(180, 120), halves(100, 150)])
    assert three_logits_classifier().classify(crops).is_mouth_visible.tolist() == [
        True,
        True,
        False,
    ]
    flipping = three_logits_classifier(flip=True)
    assert flipping.classify(crops).is_mouth_visible.tolist() == [False, True, False]
    mirrored = flipping.classify(crops[:, :, ::-1])
    assert mirrored.is_mouth_visible.tolist() == [False, True, False]
    assert mirrored.mouth_openness == pytest.approx(flipping.classify(crops).mouth_openness)


def test_mouth_openness_is_the_probability_of_the_third_logit() -> None:
    classifier = three_logits_classifier()
    openness = classifier.classify(np.concatenate([halves(192, 64), halves(64, 192)]))
    assert openness.mouth_openness == pytest.approx([0.378, 0.622], abs=0.001)


def test_network_runs_once_for_each_crop() -> None:
    network = ThreeLogits(np.float32)
    SmileClassifier(network, SmileClassifier.load().model_card).classify(grey(100, count=3))
    assert len(network.seen) == 3


def test_synthetic_smile_scores_higher_than_a_straight_mouth() -> None:
    classifier, detector = SmileClassifier.load(), PhotoFaceDetector()
    scores = []
    for smile in (True, False):
        photo = synthetic_photo([(200, 100, 240, smile)])
        (face,) = detector.detect(np.asarray(photo))
        crop = crop_face(np.asarray(photo.convert("L")), face.keypoints)
        scores.append(classifier.smile_scores(crop[None]).item())
    assert scores[0] >= classifier.model_card.threshold > scores[1]


@pytest.mark.parametrize("wrong", [np.zeros((64, 64), np.uint8), np.zeros((1, 64, 64), np.float32)])
def test_error_is_clear_when_crops_have_another_shape_or_type(wrong: np.ndarray) -> None:
    with pytest.raises(ImageError, match="crops: expected uint8"):
        SmileClassifier.load().smile_scores(wrong)


def test_error_is_clear_when_the_model_file_is_altered(model_folder: Path) -> None:
    path = model_folder / "smile_classifier.tflite"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match="does not match its model card: expected sha256"):
        SmileClassifier.load(model_folder / MODEL_CARD_PATH.name)


@pytest.mark.parametrize("name", ["smile_classifier.tflite", "smile_classifier.json"])
def test_error_names_the_file_when_it_is_missing(model_folder: Path, name: str) -> None:
    (model_folder / name).unlink()
    with pytest.raises(ModelError, match=f"{name} cannot be read"):
        SmileClassifier.load(model_folder / MODEL_CARD_PATH.name)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("threshold", 0, "threshold: expected a number between 0 and 1 in the model card, got 0.0"),
        ("threshold", True, "threshold: expected a number in the model card, got True"),
        ("calibration", {"scale": 0, "bias": 0}, "scale: expected a number above 0"),
        ("calibration", None, "calibration: expected dict in the model card, got None"),
        (
            "threshold",
            1.0,
            "threshold: expected a number between 0 and 1 in the model card, got 1.0",
        ),
        ("threshold_on", "0.5", "threshold_on: expected a number"),
        ("threshold_off", None, "threshold_off: expected a number"),
        ("mouth_threshold", None, "mouth_threshold: expected a number in the model card, got None"),
        ("mouth_threshold", 1, "mouth_threshold: expected a number between 0 and 1"),
        ("calibration", {"scale": 1}, "bias: expected a number"),
        ("calibration", {"scale": float("inf"), "bias": 0}, "scale: expected a number"),
        ("calibration", {"scale": -1, "bias": 0}, "scale: expected a number above 0"),
        ("output", "probability", "output: expected 'logit'"),
        ("sha256", 5, "sha256: expected str"),
    ],
)
def test_error_names_the_field_of_the_model_card_when_it_is_invalid(
    model_folder: Path, field: str, value: Any, message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        SmileClassifier.load(change_card(model_folder, **{field: value}))


@pytest.mark.parametrize(
    ("text", "message"),
    [("[]", "expected a JSON object"), ("{", "is not valid JSON"), ("", "is not valid JSON")],
)
def test_error_is_clear_when_the_model_card_is_not_a_json_object(
    model_folder: Path, text: str, message: str
) -> None:
    path = model_folder / MODEL_CARD_PATH.name
    path.write_text(text)
    with pytest.raises(ModelError, match=rf"smile_classifier\.json.*{message}"):
        SmileClassifier.load(path)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"input_shape": (1, 32, 32, 1)}, r"expected input \(1, 64, 64, 1\), got \(1, 32, 32, 1\)"),
        ({"output_shape": (1, 1)}, r"expected output \(1, 3\), got \(1, 1\)"),
        ({"output_shape": (2, 1)}, r"expected output \(1, 3\), got \(2, 1\)"),
    ],
)
def test_error_is_clear_when_the_network_has_other_inputs_or_outputs(
    shapes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ModelError, match=rf"smile_classifier\.tflite: {message}"):
        SmileClassifier(ThreeLogits(np.float32, **shapes), SmileClassifier.load().model_card)


@pytest.mark.parametrize(
    ("dtype", "scale", "zero_point", "logit"),
    [(np.int8, 0.05, -10, 0.05 * 137), (np.uint8, 0.02, 100, 0.02 * 155), (np.float32, 0, 0, None)],
)
def test_largest_score_is_that_of_the_largest_quantized_logit(
    dtype: type, scale: float, zero_point: int, logit: float | None
) -> None:
    card = SmileClassifier.load().model_card
    largest = SmileClassifier(ThreeLogits(dtype, scale, zero_point), card).largest_score
    if logit is None:
        assert largest == 1
    else:
        calibrated = card.calibration_scale * logit + card.calibration_bias
        assert largest == pytest.approx(1 / (1 + np.exp(-calibrated)))
        assert largest < 1
