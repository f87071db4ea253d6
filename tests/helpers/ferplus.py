"""Tiny copies of FER+ with synthetic faces, in both of its layouts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from edge_lambda.synthetic_face import draw_face

COLUMNS = (
    "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
)
FOLDERS = {
    "Training": "FER2013Train",
    "PublicTest": "FER2013Valid",
    "PrivateTest": "FER2013Test",
}

Row = tuple[str, str, str]  # usage, picture ("" for none), votes as "9,1,0,0,0,0,0,0,0,0"


def small_face(number: int, side_px: int = 48) -> Image.Image:
    """Return a grey synthetic face; each number is a little different."""
    face = draw_face(120, smiles=number % 2 == 0).crop((24, 30, 96, 102))
    levels = np.asarray(face.convert("L").resize((side_px, side_px)), dtype=np.int16)
    noise = np.random.default_rng(number).integers(-12, 13, levels.shape)
    return Image.fromarray(np.clip(levels + noise, 0, 255).astype(np.uint8))


def write_votes(folder: Path, rows: Sequence[Row]) -> Path:
    """Write fer2013new.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "fer2013new.csv"
    lines = [f"{usage},{name},{votes}" for usage, name, votes in rows]
    table.write_text("\n".join([COLUMNS, *lines]) + "\n")
    return table


def write_folders(root: Path, rows: Sequence[Row]) -> Path:
    """Write the layout of the FER+ authors; return its folder."""
    write_votes(root, rows)
    for number, (usage, name, _) in enumerate(rows):
        if name:
            (root / FOLDERS[usage]).mkdir(exist_ok=True)
            small_face(number).save(root / FOLDERS[usage] / name)
    return root


def write_challenge(root: Path, rows: Sequence[Row]) -> Path:
    """Write fer2013.csv, as one downloads it from the challenge; return its folder."""
    write_votes(root, rows)
    lines = ["emotion,pixels,Usage"]
    for number, (usage, _, _) in enumerate(rows):
        pixels = " ".join(map(str, np.asarray(small_face(number)).ravel().tolist()))
        lines.append(f"0,{pixels},{usage}")
    (root / "fer2013.csv").write_text("\n".join(lines) + "\n")
    return root
