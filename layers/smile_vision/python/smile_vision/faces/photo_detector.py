"""Find the faces of a photo: all sizes, few false ones, without a limit on time.

1. First look: the two faster networks search the whole photo. Where all that they find is certain,
   and one face is large, the search ends here. That is so on most portraits.
2. Candidates: every face that any network finds at any scale, with a low threshold.
3. Verification: each network sees the candidate upright and in the size that it knows best. The
   mean score decides, and the mean position is the result.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smile_vision.faces.boxes import Box, overlap
from smile_vision.faces.detection import FaceDetection, check_rgb
from smile_vision.faces.nms import distinct
from smile_vision.faces.tiles import pyramid
from smile_vision.faces.verification import FILL, load_networks, verify, verify_quickly

__all__ = ["PhotoFaceDetector"]

_CANDIDATE_SCORE = 0.3
_MIN_VISIBLE = 0.85
"""Minimum share of the box within the photo of a face that its edge does not cut. The boxes of cut
faces extend beyond the photo: where the edge cuts 10, 20 or 30 % of a face, about 0.9, 0.77 and
0.63 of its box are visible."""
_FIRST_LOOK = ("short", "full")
"""Networks of the first look. Together they take half the time of ``back``, and the second one
finds faces of 7 % of the longer side."""
_LARGE = 1 / 3
"""Minimum width of the largest face, relative to the longer side of the photo, for the search to
end after the first look. Beside such a face, faces of less than a fifth of its width may be
missed."""
_OVERVIEW_PX = 768
_SMALLEST_TILE_PX = 256


class PhotoFaceDetector:
    """All faces of a photo, each verified by three networks.

    Only one thread may use an instance at a time.

    Raises
    ------
    WeightsError
        The weights are missing or altered.
    InterpreterError
        No interpreter is installed.
    """

    def __init__(self) -> None:
        self._networks = load_networks()

    def detect(self, rgb: NDArray[np.uint8]) -> list[FaceDetection]:
        """Find the faces of a photo.

        Parameters
        ----------
        rgb
            uint8 (H, W, 3).

        Returns
        -------
        list of FaceDetection
            In px of ``rgb``, the main face first: whole faces before those that the edge of the
            photo cuts, and larger ones before smaller ones.

        Raises
        ------
        ImageError
            ``rgb`` is not such an array.
        """
        check_rgb(rgb)
        overview = _overview(rgb)
        first = self._in_overview(rgb, overview, _FIRST_LOOK)
        faces = self._certain(rgb, first) or self._all(rgb, overview, first)
        return sorted(faces, key=lambda face: (_is_cut(face.box, rgb), -face.box[2] * face.box[3]))

    def _certain(
        self, rgb: NDArray[np.uint8], candidates: Sequence[FaceDetection]
    ) -> list[FaceDetection]:
        """Return the faces if one is large and all candidates are certain, otherwise nothing."""
        likely = _likely(candidates)
        if max((face.box[2] for face in likely), default=0) < _LARGE * max(rgb.shape):
            return []
        fastest = self._networks[_FIRST_LOOK[0]]
        faces = []
        for candidate in likely:
            face = verify_quickly(fastest, rgb, candidate)
            if face is None:
                return []
            faces.append(face)
        return distinct(faces)

    def _all(
        self,
        rgb: NDArray[np.uint8],
        overview: NDArray[np.uint8],
        first: Sequence[FaceDetection],
    ) -> list[FaceDetection]:
        """Return the verified faces of a search at all scales, given those of the first look."""
        others = [kind for kind in FILL if kind not in _FIRST_LOOK]
        candidates = self._in_overview(rgb, overview, others) + self._in_tiles(rgb)
        faces = self._verified(rgb, [*first, *candidates])
        if not faces:  # the networks miss a face that fills the photo unless it gets a margin
            margin = max(overview.shape) // 2
            faces = self._verified(rgb, self._in_overview(rgb, overview, tuple(FILL), margin))
        return faces

    def _in_overview(
        self,
        rgb: NDArray[np.uint8],
        overview: NDArray[np.uint8],
        kinds: Sequence[str],
        margin: int = 0,
    ) -> list[FaceDetection]:
        """Return the candidates in the whole photo, with a margin that repeats its edge."""
        factors = (rgb.shape[1] / overview.shape[1], rgb.shape[0] / overview.shape[0])
        if margin:
            overview = np.pad(overview, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
        return [
            face.shifted(-margin, -margin).scaled(*factors)
            for kind in kinds
            for face in self._networks[kind].detect(overview)
        ]

    def _in_tiles(self, rgb: NDArray[np.uint8]) -> list[FaceDetection]:
        """Return the candidates in parts of the photo, for small faces."""
        height, width = rgb.shape[:2]
        return [
            face.shifted(left, top)
            for left, top, right, bottom in pyramid(width, height, _SMALLEST_TILE_PX)
            for face in self._networks["back"].detect(rgb[top:bottom, left:right])
        ]

    def _verified(
        self, rgb: NDArray[np.uint8], candidates: Sequence[FaceDetection]
    ) -> list[FaceDetection]:
        """Return the faces among the candidates, each of them once."""
        verified = [verify(self._networks, rgb, face) for face in _likely(candidates)]
        return distinct([face for face in verified if face is not None])


def _likely(candidates: Sequence[FaceDetection]) -> list[FaceDetection]:
    """Return the candidates to verify, each face once."""
    return distinct([face for face in candidates if face.score >= _CANDIDATE_SCORE], inside=1.0)


def _is_cut(box: Box, rgb: NDArray[np.uint8]) -> bool:
    """Return whether the edge of the photo cuts a face."""
    height, width = rgb.shape[:2]
    return overlap(box, (0, 0, width, height)) < _MIN_VISIBLE * box[2] * box[3]


def _overview(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the photo in a size that suits all networks: large photos are scaled only once."""
    image = Image.fromarray(rgb)
    image.thumbnail((_OVERVIEW_PX, _OVERVIEW_PX), Image.Resampling.BILINEAR)
    return np.asarray(image)
