"""Find the faces of a photo: all sizes, few false ones, as many milliseconds as it takes.

First every face that any network suspects at any scale, with a low threshold; then a second
look at each, upright and at the size that the networks know best. Three of them must agree on
average, and their mean says where eyes and mouth are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smile_vision.errors import ImageError
from smile_vision.faces.detection import FaceDetection, is_image
from smile_vision.faces.detector import FaceDetector
from smile_vision.faces.nms import box_iou
from smile_vision.faces.sampling import Similarity, fit_similarity, sample_square
from smile_vision.faces.tiles import pyramid

__all__ = ["PhotoFaceDetector"]

CANDIDATE_SCORE = 0.3
MIN_SCORE = 0.6
"""Mean score of the second look. On 1,000 photos of strangers every main face reached 0.69 and
nothing that is no face 0.55; in 250 of them, enlarged and with the faces scrambled, 0.58."""

_SMALLEST_TILE_PX = 256
_VIEW_PX = 256
_FILL = {"short": 0.5, "full": 0.33, "back": 0.33}
"""How much of the second look's side the face takes up, for each network; the cheapest first."""
_OVERVIEW_PX = 768
_VIEW_MIN_SCORE = 0.02
_SAME_IOU = 0.4
_INSIDE = 0.6
_MAX_OFF_CENTRE = 0.4
_SIZE_RATIO = (0.5, 1.8)

Floats = NDArray[np.float32]


class PhotoFaceDetector:
    """All faces of a photo, with a second look at each.

    An instance belongs to one thread at a time.

    Parameters
    ----------
    min_score
        Faces whose second look scores less are left out, 0-1.
    num_threads
        Threads of one inference.

    Raises
    ------
    WeightsError
        The weights are missing or altered.
    InterpreterError
        There is no interpreter to run them.
    """

    def __init__(self, *, min_score: float = MIN_SCORE, num_threads: int = 1) -> None:
        self.min_score = min_score
        self._networks = {
            kind: FaceDetector.load(kind, score_threshold=_VIEW_MIN_SCORE, num_threads=num_threads)
            for kind in _FILL
        }

    def detect(self, rgb: NDArray[np.uint8]) -> list[FaceDetection]:
        """Find the faces of a photo.

        Parameters
        ----------
        rgb
            uint8 (H, W, 3).

        Returns
        -------
        list of FaceDetection
            In px of ``rgb``, largest face first.

        Raises
        ------
        ImageError
            ``rgb`` is no such array.
        """
        if not is_image(rgb, 3):
            raise ImageError("rgb: expected a uint8 array of shape (height, width, 3)")
        overview = _overview(rgb)
        sure = self._sure(rgb, self._seen(rgb, overview) + self._seen_in_tiles(rgb))
        if not sure:  # a face that fills the picture needs room around it to be seen
            margin = max(overview.shape) // 2
            sure = self._sure(rgb, self._seen(rgb, overview, margin))
        return sorted(sure, key=lambda face: -face.box[2] * face.box[3])

    def _seen(
        self, rgb: NDArray[np.uint8], overview: NDArray[np.uint8], margin: int = 0
    ) -> list[FaceDetection]:
        """Look at the photo as a whole, with a margin that repeats its edge."""
        factors = (rgb.shape[1] / overview.shape[1], rgb.shape[0] / overview.shape[0])
        if margin:
            overview = np.pad(overview, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
        return [
            face.shifted(-margin, -margin).scaled(*factors)
            for network in self._networks.values()
            for face in network.detect(overview)
        ]

    def _seen_in_tiles(self, rgb: NDArray[np.uint8]) -> list[FaceDetection]:
        height, width = rgb.shape[:2]
        return [
            face.shifted(left, top)
            for left, top, right, bottom in pyramid(width, height, _SMALLEST_TILE_PX)
            for face in self._networks["back"].detect(rgb[top:bottom, left:right])
        ]

    def _sure(
        self, rgb: NDArray[np.uint8], suspected: Sequence[FaceDetection]
    ) -> list[FaceDetection]:
        suspected = [face for face in suspected if face.score >= CANDIDATE_SCORE]
        looked = [self._second_look(rgb, face) for face in _distinct(suspected, inside=1.0)]
        return _distinct([face for face in looked if face is not None])

    def _second_look(
        self, rgb: NDArray[np.uint8], candidate: FaceDetection
    ) -> FaceDetection | None:
        """Merge what each network sees when the face is upright and of its favourite size."""
        views = {fill: _view(candidate, fill) for fill in set(_FILL.values())}
        pictures = {fill: sample_square(rgb, view, _VIEW_PX) for fill, view in views.items()}
        found: list[FaceDetection] = []
        votes_left = len(_FILL)
        for kind, fill in _FILL.items():
            central = _central(self._networks[kind].detect(pictures[fill]), _VIEW_PX * fill)
            if central is not None:
                found.append(_mapped(central, views[fill]))
            votes_left -= 1
            if sum(face.score for face in found) + votes_left < self.min_score * len(_FILL):
                return None  # even if all the others were certain
        return _mean(found, votes=len(_FILL))


def _overview(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Scale a large photo down once for all networks."""
    image = Image.fromarray(rgb)
    image.thumbnail((_OVERVIEW_PX, _OVERVIEW_PX), Image.Resampling.BILINEAR)
    return np.asarray(image)


def _view(face: FaceDetection, fill: float) -> Similarity:
    """Centre the face in a square, eyes level."""
    x, y, width, height = face.box
    centre = np.array([x + width / 2, y + height / 2])
    eyes = (face.keypoints[1] - face.keypoints[0]).astype(np.float64)
    length = float(np.hypot(*eyes))
    level = eyes / length if length > 0 else np.array([1.0, 0.0])
    half = max(width, height) / fill / 2
    middle = _VIEW_PX / 2
    square = np.array([[middle, middle], [_VIEW_PX, middle]])
    return fit_similarity(square, np.array([centre, centre + level * half]))


def _central(faces: Sequence[FaceDetection], expected_px: float) -> FaceDetection | None:
    """Pick the best face that lies about where and as large as it was expected."""
    for face in faces:
        x, y, width, height = face.box
        off = np.hypot(x + width / 2 - _VIEW_PX / 2, y + height / 2 - _VIEW_PX / 2)
        ratio = width / expected_px
        if off < _MAX_OFF_CENTRE * expected_px and _SIZE_RATIO[0] < ratio < _SIZE_RATIO[1]:
            return face
    return None


def _mapped(face: FaceDetection, view: Similarity) -> FaceDetection:
    """Carry a face from the view to the image; the box stays level and of its size."""
    x, y, width, height = face.box
    centre_x, centre_y = view.apply(np.array([x + width / 2, y + height / 2])).tolist()
    width, height = width * view.scale, height * view.scale
    box = (centre_x - width / 2, centre_y - height / 2, width, height)
    return FaceDetection(box, face.score, view.apply(face.keypoints))


def _mean(faces: Sequence[FaceDetection], votes: int) -> FaceDetection:
    """Average what was found, weighted by score; a network that saw nothing votes 0."""
    scores = np.array([face.score for face in faces], dtype=np.float32)
    weights = scores / scores.sum()
    x, y, width, height = (weights @ np.array([face.box for face in faces])).tolist()
    keypoints = np.tensordot(weights, np.stack([face.keypoints for face in faces]), axes=1)
    return FaceDetection((x, y, width, height), float(scores.sum()) / votes, keypoints)


def _distinct(faces: Sequence[FaceDetection], inside: float = _INSIDE) -> list[FaceDetection]:
    """Keep the best of those that overlap much, or of which one lies mostly in the other."""
    kept: list[FaceDetection] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if not any(_same(face, other, inside) for other in kept):
            kept.append(face)
    return kept


def _same(face: FaceDetection, other: FaceDetection, inside: float) -> bool:
    boxes = np.array([face.box, other.box], dtype=np.float32)
    boxes[:, 2:] += boxes[:, :2]
    iou = float(box_iou(boxes[0], boxes[1:])[0])
    area, other_area = (one.box[2] * one.box[3] for one in (face, other))
    overlap = iou * (area + other_area) / (1 + iou)
    return iou > _SAME_IOU or overlap > inside * min(area, other_area)
