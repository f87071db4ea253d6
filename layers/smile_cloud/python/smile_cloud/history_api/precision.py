"""How many of the reported smiles were smiles, by feedback, and how sure that number is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

_Z_95: Final = 1.959963984540054  # 97.5 % of a normal distribution lie below it


@dataclass(frozen=True, slots=True)
class Precision:
    """The verdicts about a set of smiles; ``unsure`` ones are left out.

    Attributes
    ----------
    smile, not_smile : int
        Events with this verdict as their feedback.
    """

    smile: int
    not_smile: int

    @property
    def value(self) -> float | None:
        """``smile / (smile + not_smile)``; None without a verdict."""
        total = self.smile + self.not_smile
        return self.smile / total if total else None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval (Wilson, JASA 1927); 0 to 1 without a verdict."""
        share, total = self.value, self.smile + self.not_smile
        if share is None:
            return 0.0, 1.0
        z2 = _Z_95**2
        middle = (share + z2 / (2 * total)) / (1 + z2 / total)
        variance = share * (1 - share) / total + z2 / (4 * total**2)
        half = _Z_95 / (1 + z2 / total) * math.sqrt(variance)
        return max(0.0, middle - half), min(1.0, middle + half)

    def view(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        low, high = self.interval
        return {
            "smile": self.smile,
            "not_smile": self.not_smile,
            "value": None if self.value is None else round(self.value, 4),
            "interval_95": [round(low, 4), round(high, 4)],
        }
