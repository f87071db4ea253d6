"""Draw contact sheets, to see whether the crops of all collections have the same framing.

    python -m training.contact_sheets [--photos FOLDER|ARCHIVE|none]

Reads build/training/crops.npz. Writes build/training/sheets/: for each collection random crops, on
the left, beside crops of whole photos, on the right; and means.png, the mean crop of each. The
sheets show real people: do not publish them. Takes a few seconds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smile_vision.errors import VisionError
from training.command_line import add_photos_option, command_parser, run_command
from training.data.crops import Crops
from training.data.duplicates import read_evaluation_photos
from training.data.photos import chosen_photos
from training.errors import TrainingError
from training.workspace import CROPS, SHEETS, display_path

__all__ = ["main"]

ROWS, COLUMNS = 10, 8
MEANS_SCALE = 4
_SEED = 1
_GAP_PX, _GAP_GREY = 8, 255

_Faces = NDArray[np.uint8]


def contact_sheet(faces: _Faces, rng: np.random.Generator) -> _Faces:
    """Return a grid of random faces, uint8 (640, 512); black where there are no more.

    Parameters
    ----------
    faces
        uint8 (N, 64, 64).
    rng
        Chooses the faces.
    """
    side = faces.shape[1]
    chosen = faces[rng.permutation(len(faces))[: ROWS * COLUMNS]]
    grid = np.zeros((ROWS * COLUMNS, side, side), np.uint8)
    grid[: len(chosen)] = chosen
    rows = grid.reshape(ROWS, COLUMNS, side, side).transpose(0, 2, 1, 3)
    return rows.reshape(ROWS * side, COLUMNS * side)


def side_by_side(pictures: Sequence[_Faces]) -> _Faces:
    """Return pictures of the same height in a row, with gaps."""
    gap = np.full((len(pictures[0]), _GAP_PX), _GAP_GREY, np.uint8)
    parts = [part for picture in pictures for part in (picture, gap)]
    return np.hstack(parts[:-1])


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = command_parser("training.contact_sheets", __doc__)
    add_photos_option(parser)
    options = parser.parse_args(arguments)
    crops = Crops.load(CROPS)
    faces = {name: crops.of(name).grey for name in sorted(set(crops.collection.tolist()))}
    chosen = chosen_photos(options.photos)
    try:
        photos = read_evaluation_photos(chosen)[1] if chosen else crops.grey[:0]
    except VisionError as error:
        raise TrainingError(str(error)) from error
    beside = {"photos": photos} if len(photos) else {}
    SHEETS.mkdir(parents=True, exist_ok=True)
    for name, of_collection in faces.items():
        shown = [of_collection, *beside.values()]
        rng = np.random.default_rng(_SEED)
        _save(f"{name}.png", side_by_side([contact_sheet(some, rng) for some in shown]))
    means = {
        name: some.mean(axis=0).round().astype(np.uint8) for name, some in (faces | beside).items()
    }
    scale = np.ones((MEANS_SCALE, MEANS_SCALE), np.uint8)
    _save("means.png", side_by_side([np.kron(mean, scale) for mean in means.values()]))
    print(f"means.png shows, from the left: {', '.join(means)}")


def _save(name: str, picture: _Faces) -> None:
    Image.fromarray(picture).save(SHEETS / name)
    print(f"wrote {display_path(SHEETS / name)}")


if __name__ == "__main__":
    run_command(main)
