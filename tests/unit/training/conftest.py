"""Tiny data folders: random grey pictures, all different, without faces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

WriteCrops = Callable[..., Path]


@pytest.fixture
def write_crops(tmp_path: Path) -> WriteCrops:
    """Return a function that writes a data folder with a number of pictures per class."""

    def write(negatives: int = 3, positives: int = 3, folder: str = "data") -> Path:
        root = tmp_path / folder / "SMILEs"
        rng = np.random.default_rng(7)
        number = 0
        for class_name, count in (("negatives", negatives), ("positives", positives)):
            class_folder = root / class_name / f"{class_name}7"
            class_folder.mkdir(parents=True)
            for _ in range(count):
                number += 1
                grey = rng.integers(0, 256, (64, 64), dtype=np.uint8)
                Image.fromarray(grey).save(class_folder / f"{number}.png")
        return root.parent

    return write
