"""The photo pipeline gives the results that it gave when its accuracy was measured.

The measurement needs 1,000 photos of people, which the repository does not contain. This test
notices when a constant or a step of the pipeline changes. If you change one on purpose, measure
again (`python -m training.evaluate_photos`), then record the new results here.
"""

from __future__ import annotations

from typing import Any

import pytest

from smile_vision.faces.photo_detector import PhotoFaceDetector
from tests.helpers.synthetic_photos import difficult_photo

RECORDED: list[tuple[dict[str, Any], float, tuple[int, int, int, int]]] = [
    ({"side_px": 120}, 0.9031, (124, 94, 73, 73)),
    ({"side_px": 120, "degrees": 40}, 0.8545, (129, 91, 74, 73)),
    ({"side_px": 60, "blur_px": 1.5}, 0.8323, (141, 107, 38, 37)),
    ({"side_px": 100, "degrees": -20, "paleness": 0.7}, 0.8858, (127, 98, 61, 61)),
    ({"side_px": 30, "paleness": 0.5}, 0.8372, (150, 113, 20, 19)),
    ({"side_px": 200, "degrees": 15}, 0.9000, (106, 75, 119, 119)),
]


@pytest.fixture(scope="module")
def detector() -> PhotoFaceDetector:
    return PhotoFaceDetector()


@pytest.mark.parametrize(("photo", "score", "box"), RECORDED)
def test_face_of_a_synthetic_photo_is_the_recorded_one(
    photo: dict[str, Any], score: float, box: tuple[int, int, int, int], detector: PhotoFaceDetector
) -> None:
    (face,) = detector.detect(difficult_photo(**photo, size=(320, 240)))
    assert face.score == pytest.approx(score, abs=0.004)
    assert face.pixel_box(320, 240) == pytest.approx(box, abs=1)
