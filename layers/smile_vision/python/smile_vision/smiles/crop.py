"""Cut a face out of a grey image, framed like the training pictures.

A similarity transform (rotation, one scale, shift) brings the eyes and the mouth as close as
possible to their places in the training pictures. It cannot squeeze a face, so a turned head stays
a turned head.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smile_vision.faces.detection import EYES_AND_MOUTH, check_grey
from smile_vision.faces.sampling import fit_similarity, sample_square
from smile_vision.smiles.preprocess import CROP_SIZE_PX

__all__ = ["TEMPLATE", "crop_face"]

TEMPLATE = np.array([[14.5, 14.5], [49.5, 14.5], [32.0, 53.8]], dtype=np.float64)
"""Image-left eye, image-right eye and mouth in the crop, px; float64 (3, 2).

Tighter than the medians that the detectors report on the training pictures: (17.4, 16.3), (46.6,
16.3) and (32, 49). On faces cut off at the brows, the detectors place the key points too far
inside. On 1,000 whole photos of strangers, with two models, the AUC is 0.990 with these values and
0.988 with the medians; the accuracy is higher by 1.5 and by 0.2 percentage points. From 5 % looser
to 10 % tighter all differences are within chance.
"""


def crop_face(grey: NDArray[np.uint8], keypoints: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return one face, upright and framed like the training pictures.

    Parameters
    ----------
    grey
        uint8 (H, W), the whole image, for example the Y plane of a video frame.
    keypoints
        float32 (6, 2), px of ``grey``, as in `FaceDetection.keypoints`.

    Returns
    -------
    ndarray
        uint8 (64, 64). Beyond the image its edge is repeated.

    Raises
    ------
    ImageError
        ``grey`` is not such an array, or the key points are not finite or all in one place.
    """
    check_grey(grey)
    eyes_and_mouth = np.asarray(keypoints, dtype=np.float64)[EYES_AND_MOUTH, :]
    return sample_square(grey, fit_similarity(TEMPLATE, eyes_and_mouth), CROP_SIZE_PX)
