"""Find the faces of a video frame quickly: one network, and a second one for close faces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smile_vision.faces.detection import FaceDetection
from smile_vision.faces.detector import EDGE_KIND, FaceDetector

__all__ = ["VideoFaceDetector"]

# The network for distant faces misses some faces that fill the frame; the one for close faces
# finds them. It runs only where the first one finds nothing, and only its large and certain faces
# count. In 1,000 portraits it then finds all 20 that the first one misses. In 1,800 pieces of
# flowers, buildings and photos without a face it finds nothing.
_CLOSE_KIND = "short"
_CLOSE_MIN_SCORE = 0.75
_CLOSE_MIN_WIDTH = 0.3  # of the frame's longer side


class VideoFaceDetector:
    """Find faces in frame after frame.

    Only one thread may use an instance at a time.

    Parameters
    ----------
    kind
        The network, a key of `smile_vision.faces.blazeface.VARIANTS`.
    min_score
        Faces with a lower score are ignored, 0 to 1, both exclusive. None: the network's own.

    Raises
    ------
    VisionError
        ``kind`` or ``min_score`` is invalid.
    WeightsError
        The weights are missing or altered.
    InterpreterError
        No interpreter is installed.
    """

    def __init__(self, kind: str = EDGE_KIND, min_score: float | None = None) -> None:
        self._detector = FaceDetector.load(kind, score_threshold=min_score)
        self._close: FaceDetector | None = None
        if kind != _CLOSE_KIND:
            close_min_score = max(_CLOSE_MIN_SCORE, min_score or 0.0)
            self._close = FaceDetector.load(_CLOSE_KIND, score_threshold=close_min_score)

    @property
    def input_px(self) -> int:
        """Longer side to which you should scale a frame, px."""
        return self._detector.input_px

    def detect(self, rgb: NDArray[np.uint8]) -> list[FaceDetection]:
        """Find the faces of a frame.

        Parameters
        ----------
        rgb
            uint8 (H, W, 3), best with a longer side of `input_px`; otherwise it is scaled here.

        Returns
        -------
        list of FaceDetection
            In px of ``rgb``, highest score first.

        Raises
        ------
        ImageError
            ``rgb`` is not such an array.
        """
        faces = self._detector.detect(rgb)
        if faces or self._close is None:
            return faces
        min_width = _CLOSE_MIN_WIDTH * max(rgb.shape[:2])
        return [face for face in self._close.detect(rgb) if face.box[2] >= min_width]
