"""Self-check: runs the native code of the package once, on this processor and Python."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping

import av
import numpy as np
from PIL import Image

from edge_lambda.camera import Frame
from edge_lambda.delivery.greengrass_sink import load_ipc_client
from edge_lambda.errors import SelfCheckError
from edge_lambda.faces.search_plan import Region
from edge_lambda.faces.vision import SmileVision
from edge_lambda.synthetic_face import WALL, draw_face
from smile_vision.faces.video_detector import ROOM
from smile_vision.smiles.quality import Quality

_FACE_PX = 240


def self_check(event: object) -> dict[str, object]:
    """Find the smile in a picture of two synthetic faces, and load the Greengrass SDK.

    Parameters
    ----------
    event : object
        ``{}`` or None, or ``{"machine": "aarch64"}`` to require a processor.

    Returns
    -------
    dict
        ``python``, ``machine``, ``model`` (sha256), ``smile_score`` and ``neutral_score`` of the
        two faces, and ``duration_ms``.

    Raises
    ------
    SelfCheckError
        When the event is invalid, the processor is another, the faces are not found or not
        scored, or the smile does not score higher than the neutral face.
    ConfigError
        When the SDK of AWS IoT Greengrass is missing.
    VisionError
        When a model file is missing or changed.
    """
    started_s = time.monotonic()
    _check_event(event)
    load_ipc_client()
    model, smile, neutral = score_synthetic_faces()
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "model": model,
        "smile_score": smile,
        "neutral_score": neutral,
        "duration_ms": round((time.monotonic() - started_s) * 1000),
    }


def score_synthetic_faces() -> tuple[str, float, float]:
    """Run all networks on a picture of two synthetic faces.

    Returns
    -------
    tuple
        SHA-256 of the smile model, and the scores of the smiling and of the neutral face.

    Raises
    ------
    SelfCheckError
        When the faces are not found or not scored, or the smile does not score higher.
    VisionError
        When a model file is missing or changed.
    """
    vision = SmileVision()
    pixels = np.asarray(_two_faces())
    picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
    frame = Frame(0, 0.0, picture.reformat(format="yuv420p"))
    whole = Region(0, 0, frame.width, frame.height, is_whole=True)
    looks = [vision.look(frame, box, ROOM) for box in sorted(vision.search(frame, whole))]
    faces = [face for face in looks if face is not None]
    if len(faces) != 2:  # noqa: PLR2004
        raise SelfCheckError(f"faces: expected 2 in the synthetic picture, found {len(faces)}")
    scores = vision.score(frame, [face.keypoints for face in faces])
    problems = [str(one.quality) for one in scores if one.quality is not Quality.GOOD]
    if problems:
        raise SelfCheckError(f"scores: expected one for each face, got {', '.join(problems)}")
    smile, neutral = (round(one.smile_score, 4) for one in scores)
    if not smile > neutral:
        raise SelfCheckError(
            f"scores: expected more for the smile than for the neutral face, got {smile} "
            f"and {neutral}"
        )
    return vision.card.sha256, smile, neutral


def _check_event(event: object) -> None:
    event = {} if event is None else event  # invoked without a payload
    if not isinstance(event, Mapping) or set(event) - {"machine"}:
        raise SelfCheckError('event: expected {}, or {"machine": "aarch64"}')
    machine = platform.machine()
    if event.get("machine", machine) != machine:
        raise SelfCheckError(f"machine: expected {event['machine']}, this is {machine}")


def _two_faces() -> Image.Image:
    """Draw two synthetic people; the left one smiles. RGB, 640 x 360 px."""
    picture = Image.new("RGB", (640, 360), WALL)
    for left, smiles in ((40, True), (360, False)):
        picture.paste(draw_face(_FACE_PX, smiles=smiles), (left, 60))
    return picture
