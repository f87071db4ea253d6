"""Cut a face out of a grey image with the framing of the training pictures.

A similarity transform (turn, one scale, shift) brings the eyes and the mouth as near as it can
to where they lie in the median training picture. It cannot squeeze a face, so a turned head
stays a turned head.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smile_vision.errors import ImageError
from smile_vision.faces.detection import is_image
from smile_vision.faces.sampling import fit_similarity, sample_square
from smile_vision.smiles.preprocess import CROP_SIZE_PX

__all__ = ["TEMPLATE", "crop_face"]

TEMPLATE = np.array([[14.5, 14.5], [49.5, 14.5], [32.0, 53.8]], dtype=np.float64)
"""Image-left eye, image-right eye and mouth in the crop, px; float64 (3, 2).

Tighter than the medians that the detectors report on the training pictures, (17.4, 16.3),
(46.6, 16.3) and (32, 49): faces cut at the brows pull their key points inwards. On 1,000 whole
photos of strangers, with two models, the AUC rises from .988 at the medians to .990 here; the
accuracy by 1.5 and by 0.2 points. From 5 % looser to 10 % tighter all differences are chance.
"""

_EYES_AND_MOUTH = (0, 1, 3)


def crop_face(
    grey: NDArray[np.uint8],
    keypoints: NDArray[np.float32],
    template: NDArray[np.float64] = TEMPLATE,
) -> NDArray[np.uint8]:
    """Cut out one face, upright and with the training pictures' framing.

    Parameters
    ----------
    grey
        uint8 (H, W), the whole image; a video frame's Y plane will do.
    keypoints
        float32 (6, 2), px of ``grey``, as in `FaceDetection.keypoints`.
    template
        float64 (3, 2), where the eyes and the mouth shall come to lie, px of the crop.

    Returns
    -------
    ndarray
        uint8 (64, 64). What lies beyond the image repeats its edge.

    Raises
    ------
    ImageError
        ``grey`` is no such array, or the key points are not finite or all in one place.
    """
    if not is_image(grey, 2):
        raise ImageError("grey: expected a uint8 array of shape (height, width)")
    eyes_and_mouth = np.asarray(keypoints, dtype=np.float64)[_EYES_AND_MOUTH, :]
    return sample_square(grey, fit_similarity(template, eyes_and_mouth), CROP_SIZE_PX)
