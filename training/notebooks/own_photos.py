"""The photos of the third notebook: the reader's own, or two frames of the bundled clip."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from PIL import Image

from smile_vision.photos.photo import load_photo
from training.clip.frames import decode, rgb_of

__all__ = ["PHOTOS_VARIABLE", "own_photos"]

PHOTOS_VARIABLE = "SMILE_PHOTOS"
_FRAMES_MS = (1000, 14_200)  # nobody smiles; two of three people smile


def own_photos(paths: Sequence[str | Path] = ()) -> dict[str, Image.Image]:
    """Return the photos to try.

    Parameters
    ----------
    paths
        Files. Without any, those in the environment variable ``SMILE_PHOTOS`` (separated as in
        PATH); if that is empty, two frames of the bundled clip of synthetic people.

    Returns
    -------
    dict[str, Image]
        Upright RGB photos by name.

    Raises
    ------
    ImageError
        When a file cannot be read.
    """
    named = os.environ.get(PHOTOS_VARIABLE, "")
    given = [Path(path) for path in paths or named.split(os.pathsep) if path]
    if given:
        return {path.name: load_photo(path) for path in given}
    wanted = ((t_ms, frame) for t_ms, frame in decode() if round(t_ms) in _FRAMES_MS)
    return {
        f"bundled clip, {t_ms / 1000:g} s": Image.fromarray(rgb_of(frame))
        for t_ms, frame in islice(wanted, len(_FRAMES_MS))
    }
