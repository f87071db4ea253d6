"""Find faces in one pass of one BlazeFace network."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smile_vision.errors import ImageError, VisionError
from smile_vision.faces.blazeface import VARIANTS, anchors, decode
from smile_vision.faces.detection import FaceDetection, is_image
from smile_vision.faces.nms import suppress
from smile_vision.faces.weights import load_weights
from smile_vision.interpreter import Interpreter, load_interpreter

__all__ = ["EDGE_KIND", "FaceDetector"]

EDGE_KIND = "full"
"""The network for video: far faces at a third of the time of ``back`` (bench/vision)."""


class FaceDetector:
    """One BlazeFace network, for images in which it can see a face at one look.

    An instance keeps its buffers between calls, so it belongs to one thread at a time.

    Parameters
    ----------
    interpreter
        The loaded network.
    kind
        A key of `smile_vision.faces.blazeface.VARIANTS`.
    score_threshold
        Faces with a lower score are left out, 0-1 exclusive; None takes the network's own.
    iou_threshold
        Boxes that overlap by more are one face.
    """

    def __init__(
        self,
        interpreter: Interpreter,
        kind: str,
        *,
        score_threshold: float | None = None,
        iou_threshold: float = 0.3,
    ) -> None:
        if score_threshold is None:
            score_threshold = VARIANTS[kind].min_score
        if not 0 < score_threshold < 1:
            raise VisionError(f"score_threshold: expected 0 < x < 1, got {score_threshold}")
        self.kind = kind
        self.input_px = VARIANTS[kind].input_px
        self._interpreter = interpreter
        self._input = interpreter.get_input_details()[0]["index"]
        outputs = sorted(interpreter.get_output_details(), key=lambda output: output["shape"][-1])
        self._scores, self._regressors = (output["index"] for output in outputs)
        self._anchors = anchors(kind)
        self._logit_threshold = math.log(score_threshold / (1 - score_threshold))
        self._iou_threshold = iou_threshold
        # Black where the image leaves the square uncovered, as in MediaPipe.
        self._square = np.full((1, self.input_px, self.input_px, 3), -1, dtype=np.float32)
        self._covered: tuple[int, int] | None = None

    @classmethod
    def load(
        cls,
        kind: str = EDGE_KIND,
        *,
        score_threshold: float | None = None,
        iou_threshold: float = 0.3,
        num_threads: int = 1,
    ) -> FaceDetector:
        """Load a network with its published weights.

        Parameters
        ----------
        kind
            ``"short"`` (128 px), ``"back"`` (256 px) or ``"full"`` (192 px).
        score_threshold, iou_threshold
            See the class.
        num_threads
            Threads of one inference.

        Returns
        -------
        FaceDetector

        Raises
        ------
        VisionError
            ``kind`` or a threshold is out of range.
        WeightsError
            The weights are missing or altered.
        InterpreterError
            There is no interpreter to run them.
        """
        if kind not in VARIANTS:
            raise VisionError(f"kind: expected one of {', '.join(VARIANTS)}, got {kind!r}")
        interpreter = load_interpreter(load_weights(VARIANTS[kind].weights), num_threads)
        return cls(interpreter, kind, score_threshold=score_threshold, iou_threshold=iou_threshold)

    def detect(self, rgb: NDArray[np.uint8]) -> list[FaceDetection]:
        """Find the faces of an image.

        An image whose longer side is `input_px` is taken as it is, so that a video decoder can
        do the scaling; any other is scaled here.

        Parameters
        ----------
        rgb
            uint8 (H, W, 3).

        Returns
        -------
        list of FaceDetection
            In px of ``rgb``, highest score first.

        Raises
        ------
        ImageError
            ``rgb`` is no such array.
        """
        if not is_image(rgb, 3) or rgb.shape[2] != 3:  # noqa: PLR2004 - red, green, blue
            raise ImageError("rgb: expected a uint8 array of shape (height, width, 3)")
        height, width = rgb.shape[:2]
        scale = self.input_px / max(height, width)
        fitted_w = max(round(width * scale), 1)
        fitted_h = max(round(height * scale), 1)
        left, top = self._letterbox(rgb, fitted_w, fitted_h)
        self._interpreter.set_tensor(self._input, self._square)
        self._interpreter.invoke()
        factor = np.array([width / fitted_w, height / fitted_h], dtype=np.float32)
        return self._faces(np.array([left, top], dtype=np.float32), factor)

    def _letterbox(self, rgb: NDArray[np.uint8], width: int, height: int) -> tuple[int, int]:
        """Centre the image, ``width`` x ``height`` px, in the input; return its corner."""
        if rgb.shape[:2] != (height, width):
            image = Image.fromarray(rgb)
            resized = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
            rgb = np.asarray(resized)
        if self._covered != (width, height):
            self._square.fill(-1)
            self._covered = (width, height)
        left, top = (self.input_px - width) // 2, (self.input_px - height) // 2
        target = self._square[0, top : top + height, left : left + width]
        np.multiply(rgb, np.float32(1 / 127.5), out=target)
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
        proper = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        boxes, points, logits = boxes[proper], points[proper], logits[kept][proper]
        scores = 1 / (1 + np.exp(-np.clip(logits, -80, 80)))
        faces = []
        for box, score, keypoints in suppress(boxes, scores, points, self._iou_threshold):
            x, y = ((box[:2] - corner) * factor).tolist()
            width, height = ((box[2:] - box[:2]) * factor).tolist()
            faces.append(FaceDetection((x, y, width, height), score, (keypoints - corner) * factor))
        return faces
