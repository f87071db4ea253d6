"""What ``make bench`` has measured so far."""

from __future__ import annotations

import statistics
from collections import defaultdict
from dataclasses import dataclass, field

__all__ = ["Measurements"]

_COMMON = ("frames", "faces", "smiling", "cpu_ms", "peak_mb")  # numbers that are not stages


@dataclass(slots=True)
class Measurements:
    """The numbers of all rounds.

    Attributes
    ----------
    values : dict
        One number for each round, by (contender, scene, name of the number).
    versions : dict
        Of the packages of each contender.
    problems : dict
        Why a contender did not run.
    """

    values: dict[tuple[str, str, str], list[float]] = field(
        default_factory=lambda: defaultdict(list)
    )
    versions: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def add(self, contender: str, scene: str, result: dict[str, float]) -> None:
        """Keep the numbers of a round."""
        for name, value in result.items():
            self.values[contender, scene, name].append(value)

    def names(self, contender: str, scene: str) -> list[str]:
        """Return the stages that a contender reports."""
        keys = [key for key in self.values if key[:2] == (contender, scene)]
        return [name for *_, name in keys if name not in _COMMON]

    def all(self, contender: str, name: str) -> list[float]:
        """Return a number of all scenes and rounds."""
        keys = [key for key in self.values if (key[0], key[2]) == (contender, name)]
        return [value for key in keys for value in self.values[key]]

    def median(self, contender: str, scene: str, name: str = "cpu_ms") -> float | None:
        """Return the median over the rounds; None if it was not measured."""
        values = self.values.get((contender, scene, name))
        return statistics.median(values) if values else None
