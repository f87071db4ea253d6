"""Verify a face candidate: several networks see it upright and in the size that they know best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from smile_vision.faces.detection import FaceDetection
from smile_vision.faces.detector import FaceDetector
from smile_vision.faces.sampling import Similarity, fit_similarity, sample_square
from smile_vision.faces.weighted_sum import weighted_sum

__all__ = [
    "FILL",
    "MIN_SCORE",
    "QUICK_MIN_SCORE",
    "VIEW_PX",
    "central_face",
    "load_networks",
    "mean_of_networks",
    "upright_view",
    "verify",
    "verify_quickly",
]

MIN_SCORE = 0.685
"""Minimum of `_likeness` over four votes: the search, and each network in its view.

Every main face of 1,000 photos of strangers has at least 0.72. Of 240 such faces, 24 to 40 px wide
in another picture, 239 are found. Of 3,740 pictures of other things (badges, sockets, bottle caps,
code, clocks, cars, textures, photos without their faces), four badges are taken for faces. So are
13 of 624 pictures of coat buttons, which look most like faces. When a mean of three views of 0.6
was enough, 66 of the first 1,900 and 160 of the first 314 were. The price: of 100 faces that are
blurred by 4 % of their width, 69 are found instead of 86."""
QUICK_MIN_SCORE = 0.8
"""The same for two votes: the search, and the fastest network. Of the large main faces 98 % reach
it. On the other things, the highest value of a large candidate is 0.71."""
VIEW_PX = 256
"""Side of the square view of the candidate."""
FILL = {"short": 0.5, "full": 0.33, "back": 0.33}
"""Networks, the fastest first, and the width of the face that they know best, relative to the
view."""

_VIEW_MIN_SCORE = 0.02
"""Lowest score that a network reports in its view, where the mean decides."""
_MOUTH_DISTANCE = 0.437
"""Distance of the mouth from the middle of the eyes, relative to the width of the box. It hardly
differs between faces: the median is 0.437, and 98 % are between 0.417 and 0.448. On things that are
no faces, the box and the key points fit less well: three quarters of the buttons, letters and so on
with a mean score of 0.6 are below 0.412."""
_MOUTH_WEIGHT = 2.5
"""Score that a face loses for a mouth that is one width of the box too near to the eyes."""
_MAX_OFF_CENTRE = 0.4
"""Maximum distance of the face from the centre of the view, in widths of the face."""
_SIZE_RATIO = (0.5, 1.8)
"""Width of the face, relative to the expected width: more than, less than."""


def load_networks() -> dict[str, FaceDetector]:
    """Load the networks that vote on a candidate, by the keys of `FILL`.

    Raises
    ------
    WeightsError
        The weights are missing or altered.
    InterpreterError
        No interpreter is installed.
    """
    return {kind: FaceDetector.load(kind, score_threshold=_VIEW_MIN_SCORE) for kind in FILL}


def verify(
    networks: Mapping[str, FaceDetector], rgb: NDArray[np.uint8], candidate: FaceDetection
) -> FaceDetection | None:
    """Return the mean of what the networks find, or None when it is not enough like a face.

    Parameters
    ----------
    networks
        A detector for each key of `FILL`.
    rgb
        uint8 (H, W, 3), the image of the candidate.
    candidate
        The face to verify, px of ``rgb``. Its score is the vote of the search, which saw the face
        in its surroundings.

    Returns
    -------
    FaceDetection or None
        In px of ``rgb``. Its box is level. Its score is the mean of the networks' scores.
    """
    # The mean of the networks' scores that reaches the minimum together with the candidate's vote.
    needed = (MIN_SCORE * (len(FILL) + 1) - candidate.score) / len(FILL)
    face = mean_of_networks(networks, rgb, candidate, min_score=needed)
    if face is None:
        return None
    score = (candidate.score + face.score * len(FILL)) / (len(FILL) + 1)
    return face if _likeness(score, face) >= MIN_SCORE else None


def mean_of_networks(
    networks: Mapping[str, FaceDetector],
    rgb: NDArray[np.uint8],
    candidate: FaceDetection,
    *,
    min_score: float = 0.0,
) -> FaceDetection | None:
    """Return the mean of what the networks find in their views of a candidate.

    Parameters
    ----------
    networks
        A detector for each key of `FILL`.
    rgb
        uint8 (H, W, 3), the image of the candidate.
    candidate
        Where to look, px of ``rgb``. Its score does not count.
    min_score
        Required mean of the networks' scores. A network that finds nothing counts as score 0.

    Returns
    -------
    FaceDetection or None
        In px of ``rgb``. Its box is level. Its score is the mean of the networks' scores. None: no
        network finds a face, or the mean is certain to be lower than ``min_score``.
    """
    views = {fill: upright_view(candidate, fill) for fill in set(FILL.values())}
    pictures = {fill: sample_square(rgb, view, VIEW_PX) for fill, view in views.items()}
    found: list[FaceDetection] = []
    votes_left = len(FILL)
    for kind, fill in FILL.items():
        central = central_face(networks[kind].detect(pictures[fill]), VIEW_PX * fill)
        if central is not None:
            found.append(_in_image(central, views[fill]))
        votes_left -= 1
        if sum(face.score for face in found) + votes_left < min_score * len(FILL):
            return None  # too low, even if all remaining networks were certain
    return _mean(found, votes=len(FILL)) if found else None


def verify_quickly(
    network: FaceDetector, rgb: NDArray[np.uint8], candidate: FaceDetection
) -> FaceDetection | None:
    """Return what the fastest network finds, or None unless it is certain.

    Parameters
    ----------
    network
        The detector of the first key of `FILL`.
    rgb, candidate
        See `verify`.

    Returns
    -------
    FaceDetection or None
        In px of ``rgb``. Its box is level. None: `verify` decides.
    """
    fill = next(iter(FILL.values()))
    view = upright_view(candidate, fill)
    # Sample in the size of the network's input: that saves a third of the time.
    factor = VIEW_PX / network.input_px
    small = view._replace(a=view.a * factor, b=view.b * factor)
    found = network.detect(sample_square(rgb, small, network.input_px))
    central = central_face([face.scaled(factor, factor) for face in found], VIEW_PX * fill)
    if central is None:
        return None
    face = _in_image(central, view)
    score = (candidate.score + face.score) / 2
    return face if _likeness(score, face) >= QUICK_MIN_SCORE else None


def upright_view(face: FaceDetection, fill: float) -> Similarity:
    """Return a square of `VIEW_PX` with the face in its centre and level eyes.

    Parameters
    ----------
    face
        In px of the image.
    fill
        Longer side of the face, relative to the side of the view.
    """
    x, y, width, height = face.box
    centre = np.array([x + width / 2, y + height / 2])
    eyes = (face.keypoints[1] - face.keypoints[0]).astype(np.float64)
    length = float(np.hypot(*eyes))
    level = eyes / length if length > 0 else np.array([1.0, 0.0])
    half = max(width, height) / fill / 2
    middle = VIEW_PX / 2
    square = np.array([[middle, middle], [VIEW_PX, middle]])
    return fit_similarity(square, np.array([centre, centre + level * half]))


def central_face(faces: Sequence[FaceDetection], expected_px: float) -> FaceDetection | None:
    """Return the first face with about the expected position and size in the view.

    Parameters
    ----------
    faces
        In px of the view, best first.
    expected_px
        Expected width of the face in the middle of the view.
    """
    for face in faces:
        x, y, width, height = face.box
        off = np.hypot(x + width / 2 - VIEW_PX / 2, y + height / 2 - VIEW_PX / 2)
        ratio = width / expected_px
        if off < _MAX_OFF_CENTRE * expected_px and _SIZE_RATIO[0] < ratio < _SIZE_RATIO[1]:
            return face
    return None


def _likeness(score: float, face: FaceDetection) -> float:
    """Return the mean score of all votes, less what the mouth is too near to the eyes."""
    left_eye, right_eye, _, mouth = face.keypoints[:4]
    distance = float(np.hypot(*(mouth - (left_eye + right_eye) / 2))) / face.box[2]
    return score - _MOUTH_WEIGHT * max(_MOUTH_DISTANCE - distance, 0)


def _in_image(face: FaceDetection, view: Similarity) -> FaceDetection:
    """Return a face of the view in px of the image. Its box stays level and keeps its size."""
    x, y, width, height = face.box
    centre_x, centre_y = view.apply(np.array([x + width / 2, y + height / 2])).tolist()
    width, height = width * view.scale, height * view.scale
    box = (centre_x - width / 2, centre_y - height / 2, width, height)
    return FaceDetection(box, face.score, view.apply(face.keypoints))


def _mean(faces: Sequence[FaceDetection], votes: int) -> FaceDetection:
    """Return the mean, weighted by score. A network that found nothing counts as score 0."""
    scores = np.array([face.score for face in faces], dtype=np.float32)
    weights = scores / scores.sum()
    x, y, width, height = weighted_sum(weights, np.array([face.box for face in faces])).tolist()
    keypoints = weighted_sum(weights, np.stack([face.keypoints for face in faces]))
    return FaceDetection((x, y, width, height), float(scores.sum()) / votes, keypoints)
