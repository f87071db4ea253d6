"""Align small pictures of faces as the product aligns the faces of photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smile_vision.faces.detection import FaceDetection
from smile_vision.faces.detector import FaceDetector
from smile_vision.faces.verification import load_networks, mean_of_networks
from smile_vision.smiles.crop import crop_face
from smile_vision.smiles.preprocess import CROP_SIZE_PX
from training.data.chunks import map_chunks

__all__ = ["align_face", "align_faces"]

# Of 300 pictures of FER+, 272 are found with the repeated edge, 229 with a reflection.
ENLARGED_PX, BORDER_PX = 240, 120
MIN_SCORE = 0.4  # mean of the three networks; 34,531 of 35,621 pictures of FER+ reach it
# The networks put the key points of a face that fills its picture too near together. Measured on
# photos that were cut like FER+: relative to the distance of the eyes, each eye belongs this much
# further out, and the mouth this much further down. Then the mean crops match within a pixel.
EYE_SHIFT, MOUTH_SHIFT = 0.012, 0.055

_RECIPE = "whole square, 1"  # to be changed with anything above, the networks or the crop
_LEFT_EYE, _RIGHT_EYE, _MOUTH = 0, 1, 3  # rows of the key points


def align_faces(pictures: NDArray[np.uint8], title: str) -> list[NDArray[np.uint8] | None]:
    """Return the aligned crop of each picture, uint8 (64, 64); None: no certain face.

    Pictures that were aligned before are not aligned again.

    Parameters
    ----------
    pictures
        uint8 (N, side, side), grey. The face fills the picture.
    title
        What the pictures are, for the progress.
    """
    if not len(pictures):
        return []
    found = map_chunks(_align_chunk, list(pictures), _content, recipe=_RECIPE, title=title)
    return [
        crop if score >= MIN_SCORE else None
        for crop, score in zip(found["grey"], found["score"], strict=True)
    ]


def align_face(
    networks: Mapping[str, FaceDetector], picture: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], float]:
    """Return the aligned crop of a picture and the mean score of the networks.

    Parameters
    ----------
    networks
        See `smile_vision.faces.verification.load_networks`.
    picture
        uint8 (side, side), grey.

    Returns
    -------
    tuple[NDArray[np.uint8], float]
        (64, 64), black if the score is 0: no network finds a face.
    """
    enlarged = Image.fromarray(picture).resize((ENLARGED_PX, ENLARGED_PX), Image.Resampling.BICUBIC)
    grey = np.pad(np.asarray(enlarged), BORDER_PX, mode="edge")
    face = mean_of_networks(networks, np.repeat(grey[..., None], 3, axis=2), _whole_square())
    if face is None:
        return np.zeros((CROP_SIZE_PX, CROP_SIZE_PX), np.uint8), 0.0
    points = face.keypoints.astype(np.float32)
    eyes = points[_RIGHT_EYE] - points[_LEFT_EYE]
    points[_LEFT_EYE] -= EYE_SHIFT * eyes
    points[_RIGHT_EYE] += EYE_SHIFT * eyes
    points[_MOUTH] += MOUTH_SHIFT * np.array([-eyes[1], eyes[0]])
    return crop_face(grey, points), face.score


def _whole_square() -> FaceDetection:
    """Return the candidate: the whole picture, upright, as level eyes say."""
    points = np.zeros((6, 2), np.float32)
    points[_RIGHT_EYE] = (1, 0)
    return FaceDetection((BORDER_PX, BORDER_PX, ENLARGED_PX, ENLARGED_PX), 1.0, points)


def _content(picture: NDArray[np.uint8]) -> bytes:
    return picture.tobytes()


def _align_chunk(pictures: Sequence[NDArray[np.uint8]]) -> dict[str, NDArray[Any]]:
    found = [align_face(_networks(), picture) for picture in pictures]
    return {
        "grey": np.stack([crop for crop, _ in found]),
        "score": np.array([score for _, score in found]),
    }


@cache
def _networks() -> dict[str, FaceDetector]:
    """Return this process's networks."""
    return load_networks()
