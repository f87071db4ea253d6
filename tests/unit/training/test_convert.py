"""What sets the int8 ranges, and the size of the file; the conversion itself needs TensorFlow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.training import make_crops, save_crops
from training import quantize
from training.data.crops import Crops
from training.errors import TrainingError
from training.model.convert import representative_inputs


def _crops(count: int) -> Crops:
    grey = np.random.default_rng(1).integers(0, 256, (count, 64, 64), dtype=np.uint8)
    return make_crops([True] * count, grey=grey, splits=["train"] * count)


def test_int8_ranges_come_from_500_crops_plain_and_augmented() -> None:
    crops = _crops(600)
    first, *others = [inputs[0] for inputs in representative_inputs(crops)]
    assert sorted(set(np.rint(first * 128).ravel().astype(int))) == list(range(-128, 128))
    assert len(others) == 1000
    assert {other.shape for other in (first, *others)} == {(1, 64, 64, 1)}
    originals = {crop.tobytes() for crop in crops.grey}
    plain = [
        np.rint((inputs[0, ..., 0] + 1) * 128).astype(np.uint8).tobytes() in originals
        for inputs in others
    ]
    assert plain == [True] * 500 + [False] * 500
    assert len({inputs.tobytes() for inputs in others}) == 1000


@pytest.mark.parametrize(("size", "small_enough"), [(200_000, True), (200_001, False)])
def test_file_is_rejected_when_it_is_larger_than_a_release_may_be(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    size: int,
    small_enough: bool,
) -> None:
    save_crops(_crops(3), tmp_path / "crops.npz")
    monkeypatch.setattr(quantize, "CROPS", tmp_path / "crops.npz")
    monkeypatch.setattr(quantize, "QUANTIZED", tmp_path / "model.tflite")
    monkeypatch.setattr(quantize, "load_network", lambda path, made_by: None)
    monkeypatch.setattr(quantize, "convert", lambda network, crops: b"x" * size * (len(crops) == 5))
    if small_enough:
        quantize.main([])
        assert (tmp_path / "model.tflite").stat().st_size == size
        assert capsys.readouterr().out == "model.tflite: 200,000 bytes\n"
    else:
        with pytest.raises(TrainingError, match="has 200,001 bytes: expected 200,000 or fewer"):
            quantize.main([])
        assert not (tmp_path / "model.tflite").exists()
