"""The prepared data, as one file between the steps."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.splits import Split
from training.errors import TrainingError
from training.workspace import display_path, write_atomically

__all__ = ["Crops"]


@dataclass(frozen=True)
class Crops:
    """N crops and what is known about each.

    Attributes
    ----------
    grey
        uint8 (N, 64, 64).
    smile
        bool (N,), the data's own label.
    target
        float32 (N,), the probability to learn.
    tier, split, name
        str (N,): see `annotations.Tier` and `splits.Split`; the file's name.
    adjudicated
        str (N,), the tier after somebody looked, where somebody did (`training.data.tiers`).
    """

    grey: NDArray[np.uint8]
    smile: NDArray[np.bool_]
    target: NDArray[np.float32]
    tier: NDArray[np.str_]
    adjudicated: NDArray[np.str_]
    split: NDArray[np.str_]
    name: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.grey)

    def part(self, split: Split) -> Crops:
        """Return the crops of one split."""
        chosen = self.split == split.value
        return Crops(**{part.name: getattr(self, part.name)[chosen] for part in fields(self)})

    def counts(self) -> dict[str, Any]:
        """Return how many pictures and smiles there are, in all, by split and by tier."""
        return {
            "pictures": len(self),
            "smile": int(self.smile.sum()),
            "splits": {
                split.value: {
                    "pictures": len(self.part(split)),
                    "smile": int(self.part(split).smile.sum()),
                }
                for split in Split
            },
            "tiers": dict(sorted(Counter(self.tier.tolist()).items())),
        }

    def save(self, path: Path) -> None:
        """Write all to one ``.npz`` file, atomically."""
        content = io.BytesIO()
        np.savez_compressed(
            content, **{part.name: getattr(self, part.name) for part in fields(self)}
        )
        write_atomically(path, content.getvalue())

    @classmethod
    def load(cls, path: Path) -> Crops:
        """Read what `save` wrote.

        Raises
        ------
        TrainingError
            When the file is missing or damaged.
        """
        try:
            with np.load(path) as content:
                return cls(**{part.name: content[part.name] for part in fields(cls)})
        except FileNotFoundError as error:
            raise TrainingError(
                f"{display_path(path)} is missing: run python -m training.prepare first"
            ) from error
        except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise TrainingError(
                f"{display_path(path)} is damaged: run python -m training.prepare again"
            ) from error
