from __future__ import annotations

import io

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from edge_lambda.camera import Frame
from edge_lambda.stream import FaceMark, Scene
from edge_lambda.stream.drawing import SceneRenderer
from edge_lambda.stream.scene import Overlay
from tests.helpers.scenes import grey_frame


def face(*, is_smiling: bool) -> FaceMark:
    return FaceMark((0.25, 0.25, 0.5, 0.5), 0.93, 7, is_smiling)


def draw(*faces: FaceMark, max_px: int = 320, rate: float | None = 24.9) -> NDArray[np.int64]:
    jpeg = SceneRenderer("cam-1", max_px).jpeg(Scene(grey_frame(), faces, rate))
    return np.asarray(Image.open(io.BytesIO(jpeg))).astype(int)


@pytest.mark.parametrize(("is_smiling", "box_is_green"), [(True, True), (False, False)])
def test_box_around_the_face_is_green_only_while_it_smiles(
    is_smiling: bool, box_is_green: bool
) -> None:
    pixels = draw(face(is_smiling=is_smiling))
    assert pixels.shape == (180, 320, 3)
    greenness = pixels[..., 1] - pixels[..., 0]
    for edge in (greenness[100, 80], greenness[135, 200]):  # left and lower edge
        assert edge > 40 if box_is_green else edge < -20
    assert abs(greenness[100, 160]) < 20  # nothing is drawn inside the face


def test_box_is_grey_when_the_face_has_no_score_even_while_it_smiles() -> None:
    mark = FaceMark((0.25, 0.25, 0.5, 0.5), 0.93, 7, is_smiling=True, problem="mouth hidden")
    edge = draw(mark)[100, 80]
    assert np.abs(edge - (149, 165, 166)).max() < 40
    other = FaceMark(mark.box, 0.93, 7, is_smiling=True, problem="turned away")
    assert draw(mark).tobytes() != draw(other).tobytes()


def test_box_stays_visible_when_the_picture_is_large() -> None:
    greenness = draw(face(is_smiling=True), max_px=640)[:, 160:170, 1] - 90
    assert (greenness[180] > 40).sum() >= 2


def test_labels_are_black_on_the_colour_of_the_box_and_on_a_light_bar() -> None:
    pixels = draw(face(is_smiling=True), max_px=640)
    label, bar = pixels[70:88, 162:240], pixels[345:358, 5:120]
    assert label.min() < 60 and bar.min() < 60
    assert abs(np.median(label, axis=(0, 1)) - (46, 204, 113)).max() < 25
    assert np.median(bar) > 220


def test_label_says_whether_the_face_smiles() -> None:
    widths = []
    for is_smiling, colour in ((True, (46, 204, 113)), (False, (230, 126, 34))):
        row = draw(face(is_smiling=is_smiling), max_px=640)[74]  # above the box
        widths.append(int((np.abs(row - colour).max(axis=1) < 60).sum()))
    assert 60 < widths[0] < widths[1] - 10  # "smile" is shorter than "no smile"


def test_text_differs_when_score_track_or_frame_rate_do() -> None:
    def label(score: float, track: int, rate: float | None) -> bytes:
        mark = FaceMark((0.25, 0.25, 0.5, 0.5), score, track, is_smiling=True)
        return draw(mark, max_px=640, rate=rate).tobytes()

    first = label(0.93, 7, 24.9)
    assert first == label(0.93, 7, 24.9)
    assert first not in (label(0.94, 7, 24.9), label(0.93, 8, 24.9), label(0.93, 7, 25.0))


def test_label_has_no_frame_rate_before_it_is_known() -> None:
    widths = []
    for rate in (None, 0.1):
        row = draw(max_px=640, rate=rate)[345]
        widths.append(int((row.min(axis=1) > 200).sum()))
    assert 20 < widths[0] < widths[1] - 40


def test_picture_keeps_its_size_when_it_is_small_and_a_face_leaves_the_frame() -> None:
    away = FaceMark((0.9, -0.2, 0.5, 0.3), 0.1, 2, is_smiling=False)
    jpeg = SceneRenderer("cam-1", 960).jpeg(Scene(grey_frame(size=(90, 160)), [away], 0.0))
    assert Image.open(io.BytesIO(jpeg)).size == (90, 160)


def test_picture_is_neither_coarse_nor_large() -> None:
    rng = np.random.default_rng(1)
    room = np.kron(rng.integers(0, 250, (9, 16, 3)), np.ones((40, 40, 1)))
    noisy = (room + rng.integers(0, 6, room.shape)).astype(np.uint8)
    frame = Frame(0, 0.0, av.VideoFrame.from_ndarray(noisy, format="rgb24"))
    size = len(SceneRenderer("cam-1", 960).jpeg(Scene(frame, [], 0.0)))
    assert 11_000 < size < 18_000


LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))


def levels(overlay: Overlay) -> tuple[float, float]:
    """Return the brightness of the left and the right half of the picture."""
    jpeg = SceneRenderer("cam-1", 320).jpeg(Scene(grey_frame(), [], None, overlay))
    pixels = np.asarray(Image.open(io.BytesIO(jpeg)).convert("L")).astype(int)
    return float(pixels[20:120, 20:140].mean()), float(pixels[20:120, 180:300].mean())


def test_places_where_no_face_counts_are_dark() -> None:
    light, _ = levels(Overlay())
    left, right = levels(Overlay(include=(LEFT_HALF,)))
    assert (round(left / light, 1), round(right / light, 1)) == (1.0, 0.4)
    left, right = levels(Overlay(ignore=(LEFT_HALF,)))
    assert (round(left / light, 1), round(right / light, 1)) == (0.4, 1.0)
    left, right = levels(Overlay((LEFT_HALF,), (LEFT_HALF,)))
    assert (round(left / light, 1), round(right / light, 1)) == (0.4, 0.4)


def test_zones_have_a_thin_outline() -> None:
    overlay = Overlay(include=(LEFT_HALF,))
    jpeg = SceneRenderer("cam-1", 320).jpeg(Scene(grey_frame(), [], None, overlay))
    row = np.asarray(Image.open(io.BytesIO(jpeg))).astype(int)[90]
    blue = row[:, 2] - row[:, 0]
    assert blue[157:162].max() > 40
    assert abs(blue[20:140]).max() < 20 and abs(blue[180:300]).max() < 20


def test_nothing_of_the_frame_is_shown_while_paused() -> None:
    overlay = Overlay(is_paused=True)
    white = Frame(0, 0, av.VideoFrame.from_ndarray(np.full((180, 320), 250, np.uint8), "gray"))
    pictures = [
        SceneRenderer("cam-1", 160).jpeg(Scene(frame, [], None, overlay))
        for frame in (grey_frame(), white)
    ]
    assert pictures[0] == pictures[1]
    assert Image.open(io.BytesIO(pictures[0])).size == (160, 90)
