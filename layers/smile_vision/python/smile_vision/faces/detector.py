"""Find faces with one BlazeFace network in one pass."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smile_vision.errors import VisionError
from smile_vision.faces.blazeface import VARIANTS, anchors, decode
from smile_vision.faces.detection import FaceDetection, check_image
from smile_vision.faces.nms import suppress
from smile_vision.faces.weights import load_weights
from smile_vision.interpreter import Interpreter, load_interpreter

__all__ = ["EDGE_KIND", "FaceDetector"]

EDGE_KIND = "full"
"""The network for video: finds distant faces in a third of the time of ``back`` (bench/vision)."""


class FaceDetector:
    """One BlazeFace network, for images that it can process in one pass.

    An instance reuses its buffers, so only one thread may use it at a time.

    Parameters
    ----------
    interpreter
        The loaded network.
    kind
        A key of `smile_vision.faces.blazeface.VARIANTS`.
    score_threshold
        Faces with a lower score are ignored, 0 to 1, both exclusive. None: the network's own.
    """

    def __init__(
        self, interpreter: Interpreter, kind: str, *, score_threshold: float | None = None
    ) -> None:
        if score_threshold is None:
            score_threshold = VARIANTS[kind].min_score
        if not 0 < score_threshold < 1:
            raise VisionError(f"score_threshold: expected 0 < x < 1, got {score_threshold}")
        self.input_px = VARIANTS[kind].input_px
        self._interpreter = interpreter
        self._input = interpreter.get_input_details()[0]["index"]
        outputs = sorted(interpreter.get_output_details(), key=lambda output: output["shape"][-1])
        self._scores, self._regressors = (output["index"] for output in outputs)
        self._anchors = anchors(kind)
        self._logit_threshold = math.log(score_threshold / (1 - score_threshold))
        # Black where the image does not cover the square, as in MediaPipe.
        self._square = np.full((1, self.input_px, self.input_px, 3), -1, dtype=np.float32)
        self._covered: tuple[int, int] | None = None

    @classmethod
    def load(cls, kind: str = EDGE_KIND, *, score_threshold: float | None = None) -> FaceDetector:
        """Load a network with its published weights.

        Parameters
        ----------
        kind
            ``"short"`` (128 px), ``"back"`` (256 px) or ``"full"`` (192 px).
        score_threshold
            See the class.

        Returns
        -------
        FaceDetector

        Raises
        ------
        VisionError
            ``kind`` or ``score_threshold`` is invalid.
        WeightsError
            The weights are missing or altered.
        InterpreterError
            No interpreter is installed.
        """
        if kind not in VARIANTS:
            raise VisionError(f"kind: expected one of {', '.join(VARIANTS)}, got {kind!r}")
        interpreter = load_interpreter(load_weights(VARIANTS[kind].weights))
        return cls(interpreter, kind, score_threshold=score_threshold)

    def detect(self, pixels: NDArray[np.uint8]) -> list[FaceDetection]:
        """Find the faces of an image.

        An image whose longer side is `input_px` is used as it is, so that a video decoder can do
        the scaling. Any other image is scaled here.

        Parameters
        ----------
        pixels
            uint8 (H, W, 3), or (H, W) of a grey image.

        Returns
        -------
        list of FaceDetection
            In px of ``pixels``, highest score first.

        Raises
        ------
        ImageError
            ``pixels`` is not such an array.
        """
        check_image(pixels)
        height, width = pixels.shape[:2]
        scale = self.input_px / max(height, width)
        fitted_width = max(round(width * scale), 1)
        fitted_height = max(round(height * scale), 1)
        left, top = self._letterbox(pixels, fitted_width, fitted_height)
        self._interpreter.set_tensor(self._input, self._square)
        self._interpreter.invoke()
        factor = np.array([width / fitted_width, height / fitted_height], dtype=np.float32)
        return self._faces(np.array([left, top], dtype=np.float32), factor)

    def _letterbox(self, pixels: NDArray[np.uint8], width: int, height: int) -> tuple[int, int]:
        """Place the image, ``width`` x ``height`` px, in the middle of the input.

        Return its left and top, px of the input.
        """
        if pixels.shape[:2] != (height, width):
            image = Image.fromarray(pixels)
            resized = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
            pixels = np.asarray(resized)
        if self._covered != (width, height):
            self._square.fill(-1)
            self._covered = (width, height)
        left, top = (self.input_px - width) // 2, (self.input_px - height) // 2
        target = self._square[0, top : top + height, left : left + width]
        channels = pixels.reshape(height, width, -1)  # one for grey: used for all three
        np.multiply(channels, np.float32(1 / 127.5), out=target)
        target -= 1
        return left, top

    def _faces(
        self, corner: NDArray[np.float32], factor: NDArray[np.float32]
    ) -> list[FaceDetection]:
        logits = self._interpreter.get_tensor(self._scores).ravel()
        kept = np.flatnonzero(logits > self._logit_threshold)
        if not kept.size:
            return []
        regressors = self._interpreter.get_tensor(self._regressors)[0, kept]
        boxes, points = decode(regressors, self._anchors[kept])
        has_area = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        boxes, points, logits = boxes[has_area], points[has_area], logits[kept][has_area]
        scores = 1 / (1 + np.exp(-logits))
        faces = []
        for box, score, keypoints in suppress(boxes, scores, points):
            x, y = ((box[:2] - corner) * factor).tolist()
            width, height = ((box[2:] - box[:2]) * factor).tolist()
            faces.append(FaceDetection((x, y, width, height), score, (keypoints - corner) * factor))
        return faces
