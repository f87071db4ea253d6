"""Two photos of one's own, or two frames of the bundled clip."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from PIL import Image

from smile_vision.photos.photo import load_photo
from training.workspace import REPOSITORY

__all__ = ["PHOTOS_VARIABLE", "own_photos"]

PHOTOS_VARIABLE = "SMILE_PHOTOS"
CLIP = REPOSITORY / "local" / "clip" / "smiles.mp4"
_FRAMES_S = (1.0, 14.2)  # nobody smiles; two of three do


def own_photos(paths: Sequence[str | Path] = ()) -> dict[str, Image.Image]:
    """Return the photos to try.

    Parameters
    ----------
    paths
        Files; where none are given, those in the environment's ``SMILE_PHOTOS`` (separated like
        a PATH), and where that is empty two frames of the bundled clip of synthetic people.

    Returns
    -------
    dict[str, Image]
        Upright RGB photos by name.

    Raises
    ------
    ImageError
        When a file cannot be read.
    """
    given = [Path(path) for path in paths]
    if not given and os.environ.get(PHOTOS_VARIABLE):
        given = [Path(path) for path in os.environ[PHOTOS_VARIABLE].split(os.pathsep)]
    if given:
        return {path.name: load_photo(path) for path in given}
    with av.open(str(CLIP)) as container:
        wanted = list(_FRAMES_S)
        photos = {}
        for frame in container.decode(video=0):
            if wanted and frame.time is not None and frame.time >= wanted[0]:
                photos[f"the bundled clip, {wanted.pop(0):g} s"] = _as_photo(frame)
            if not wanted:
                break
    return photos


def _as_photo(frame: av.VideoFrame) -> Image.Image:
    return Image.fromarray(np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8))
