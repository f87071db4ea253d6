"""Find the faces of video: search a small picture of the frame, then look closely at each place.

The search is coarse. It shows a distant face a few pixels wide, and takes bottle caps and backs of
heads for faces. A closer look enlarges one place of the full-resolution frame to the size that the
``short`` network knows best. It decides whether there is a face, and its key points are as good as
on a portrait.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from smile_vision.faces.boxes import Box
from smile_vision.faces.detection import FaceDetection, check_grey
from smile_vision.faces.detector import EDGE_KIND, FaceDetector
from smile_vision.faces.sampling import Similarity, sample_square

__all__ = ["CONFIRMED_SCORE", "ROOM", "VideoFaceDetector"]

CONFIRMED_SCORE = 0.7
"""Minimum score of a closer look at a face. Of the faces of 500 strangers, scaled to 26, 32 and 40
px, 98.8, 99.6 and 99.6 % reach it. Among bottle caps, backs of heads, buttons and badges the
highest score is 0.73, and 0.67 for the lower score of a look and a mirrored look."""
ROOM = 2.2
"""Side of a closer look, relative to the longer side of the expected box."""

_LOOK_KIND = "short"
_LOOK_MIN_SCORE = 0.2
_MAX_OFF_CENTRE = 0.4  # of the expected width, at the usual room; a face beyond it is another one
_SIZE_RATIO = (0.5, 1.9)  # found width, relative to the expected width

_CANDIDATE_SCORE = 0.35  # low, because a closer look decides about each candidate
# The network of the search misses some faces that fill the frame; that of the closer look finds
# them. It runs only where the search finds nothing likely, and only its large and certain faces
# count. In 1,000 portraits it then finds all 20 that the first one misses.
_LIKELY_SCORE = 0.4
_CLOSE_MIN_SCORE = 0.75
_CLOSE_MIN_WIDTH = 0.3  # of the image's longer side


class VideoFaceDetector:
    """Searches images and looks closely at places.

    Only one thread may use an instance at a time.

    Raises
    ------
    WeightsError
        The weights are missing or altered.
    InterpreterError
        No interpreter is installed.
    """

    def __init__(self) -> None:
        self._search_network = FaceDetector.load(EDGE_KIND, score_threshold=_CANDIDATE_SCORE)
        self._look_network = FaceDetector.load(_LOOK_KIND, score_threshold=_LOOK_MIN_SCORE)

    @property
    def search_px(self) -> int:
        """Longer side to which a search scales its image, px."""
        return self._search_network.input_px

    def search(self, image: NDArray[np.uint8], *, is_whole: bool = True) -> list[FaceDetection]:
        """Find candidates for faces.

        Parameters
        ----------
        image
            uint8 (H, W) or (H, W, 3), best with a longer side of `search_px` or little more.
        is_whole
            Whether a face may fill the image, as it may fill a whole frame.

        Returns
        -------
        list of FaceDetection
            In px of ``image``, highest score first.

        Raises
        ------
        ImageError
            ``image`` is not such an array.
        """
        found = self._search_network.detect(image)
        if not is_whole or any(face.score >= _LIKELY_SCORE for face in found):
            return found
        min_width = _CLOSE_MIN_WIDTH * max(image.shape[:2])
        close = [
            face
            for face in self._look_network.detect(image)
            if face.score >= _CLOSE_MIN_SCORE and face.box[2] >= min_width
        ]
        return close + found

    def look(
        self,
        grey: NDArray[np.uint8],
        box: Box,
        room: float = ROOM,
        *,
        is_mirrored: bool = False,
    ) -> FaceDetection | None:
        """Look closely at the expected place of a face.

        Parameters
        ----------
        grey
            uint8 (H, W), the whole image at full resolution.
        box
            The expected place, px of ``grey``.
        room
            Side of the part to look at, relative to the longer side of ``box``. More room finds a
            face that has moved, with less precise key points.
        is_mirrored
            Look at the mirror image, which is almost independent evidence.

        Returns
        -------
        FaceDetection or None
            In px of ``grey``. None if nothing of about that size is near the centre.

        Raises
        ------
        ImageError
            ``grey`` is not such an array.
        """
        check_grey(grey)
        side_px = self._look_network.input_px
        x, y, width, height = box
        side = max(width, height) * room
        scale = side / side_px
        view = Similarity(scale, 0.0, x + (width - side) / 2, y + (height - side) / 2)
        expected_px = side_px / room
        max_off_px = _MAX_OFF_CENTRE * expected_px * room / ROOM
        square = sample_square(grey, view, side_px)
        for face in self._look_network.detect(square[:, ::-1] if is_mirrored else square):
            left, top, found_px, found_height_px = face.box
            off_px = math.hypot(
                left + (found_px - side_px) / 2, top + (found_height_px - side_px) / 2
            )
            ratio = found_px / expected_px
            if off_px < max_off_px and _SIZE_RATIO[0] < ratio < _SIZE_RATIO[1]:
                upright = face.mirrored(side_px) if is_mirrored else face
                return upright.scaled(scale, scale).shifted(view.shift_x, view.shift_y)
        return None

    def detect(self, grey: NDArray[np.uint8]) -> list[FaceDetection]:
        """Find the faces of one image, as the edge device finds near ones in a frame.

        Parameters
        ----------
        grey
            uint8 (H, W).

        Returns
        -------
        list of FaceDetection
            In px of ``grey``, highest score of the search first.

        Raises
        ------
        ImageError
            ``grey`` is not such an array.
        """
        check_grey(grey)
        faces = []
        for candidate in self.search(grey):
            face = self.look(grey, candidate.box)
            if face is not None and face.score < CONFIRMED_SCORE:
                face = self.look(grey, face.box)  # aimed better
            if face is not None and face.score >= CONFIRMED_SCORE:
                faces.append(face)
        return faces
