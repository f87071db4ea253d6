"""What every reader returns: labelled crops, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from training.data.crops import Crops

__all__ = ["Collection", "Reader"]


@dataclass(frozen=True)
class Collection:
    """The crops of one collection.

    Attributes
    ----------
    crops
        With the name of the collection, targets and splits. A collection that has splits keeps
        them. Otherwise the people decide (see `training.data.splits`).
    provenance
        For prepare.json: name, checksum, licence and people (their number, None if unknown).
    skipped
        Why a picture is not among the crops, by its name.
    """

    crops: Crops
    provenance: dict[str, Any]
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The value of `Crops.collection`."""
        return str(self.provenance["name"])

    def report(self) -> dict[str, Any]:
        """Return the provenance, the counts, and why each skipped picture is skipped."""
        return {**self.provenance, **self.crops.counts(), "skipped": self.skipped}


class Reader(Protocol):
    """Reads one collection."""

    def read(self) -> Collection:
        """Read the pictures and their labels.

        Raises
        ------
        TrainingError
            When the data cannot be used; the message names the file, the row or the column.
        """
        ...
