"""The prepared data set: one file that `training.prepare` writes and the later steps read."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.annotations import PictureKey, Tier
from training.data.splits import Split
from training.errors import TrainingError
from training.workspace import display_path, write_atomically

__all__ = ["FERPLUS", "SMILESMILED", "UNKNOWN", "Crops"]

# Names of collections. A folder of the user has its own name.
SMILESMILED = "smilesmiled"
FERPLUS = "ferplus"

UNKNOWN = -1.0  # of `Crops.mouth_visible`, and of a training target


@dataclass(frozen=True)
class Crops:
    """N labelled face crops.

    Attributes
    ----------
    grey
        uint8 (N, 64, 64).
    smile
        bool (N,), the data set's own label.
    target
        float32 (N,), the training target: a probability.
    tier, split
        str (N,), values of `training.data.annotations.Tier` and `training.data.splits.Split`.
    adjudicated
        str (N,), the tier after adjudication (see `training.data.adjudication`).
    name
        str (N,), the picture's file name without suffix.
    collection
        str (N,): `SMILESMILED`, `FERPLUS`, or the name of the user's folder.
    share
        float32 (N,), the share of annotators who say smile; NaN where it is unknown.
    expression
        str (N,), the expression that at least half of the annotators of FER+ see, a column of its
        table; empty where there is none.
    mouth_visible, mouth_open
        float32 (N,): 1, 0, or `UNKNOWN`.
    """

    grey: NDArray[np.uint8]
    smile: NDArray[np.bool_]
    target: NDArray[np.float32]
    tier: NDArray[np.str_]
    adjudicated: NDArray[np.str_]
    split: NDArray[np.str_]
    name: NDArray[np.str_]
    collection: NDArray[np.str_]
    share: NDArray[np.float32]
    expression: NDArray[np.str_]
    mouth_visible: NDArray[np.float32]
    mouth_open: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.grey)

    @property
    def annotators_agree(self) -> NDArray[np.bool_]:
        """Whether two annotators gave the picture the same label, bool (N,)."""
        return np.isin(self.tier, [Tier.CLEAR.value, Tier.NONE.value])

    @property
    def keys(self) -> list[PictureKey]:
        """The key of each picture in the label tables."""
        return list(zip(self.name.tolist(), self.smile.tolist(), strict=True))

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.int_]) -> Crops:
        """Return the chosen crops.

        Parameters
        ----------
        chosen
            bool (N,), or the indices of the crops in the new order.
        """
        return Crops(**{part.name: getattr(self, part.name)[chosen] for part in fields(self)})

    def part(self, split: Split) -> Crops:
        """Return the crops of one split."""
        return self.where(self.split == split.value)

    def of(self, collection: str) -> Crops:
        """Return the crops of one collection."""
        return self.where(self.collection == collection)

    @classmethod
    def joined(cls, parts: Sequence[Crops]) -> Crops:
        """Return the crops of all parts, in their order."""
        return cls(
            **{
                each.name: np.concatenate([getattr(part, each.name) for part in parts])
                for each in fields(cls)
            }
        )

    def counts(self) -> dict[str, Any]:
        """Return the number of pictures and smiles in total, by split and by tier."""
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
        """Write the crops to one ``.npz`` file, atomically.

        It is not compressed: reading 190 MB takes less time than unpacking them.
        """
        content = io.BytesIO()
        np.savez(content, **{part.name: getattr(self, part.name) for part in fields(self)})
        write_atomically(path, content.getbuffer())

    @classmethod
    def load(cls, path: Path) -> Crops:
        """Read a file that `save` wrote.

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
