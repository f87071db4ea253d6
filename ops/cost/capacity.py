"""Provisioned capacity: how many units auto scaling keeps ready for what the fleet takes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ops.cost.facts import Scaling

MONTH_HOURS: Final = 720  # of 30 days
# The parameter of the template with the minimum of each kind of units.
_PARAMETERS: Final = {
    ("table", "write"): "TableWriteUnits",
    ("table", "read"): "TableReadUnits",
    ("index", "write"): "IndexWriteUnits",
}


@dataclass(frozen=True, slots=True)
class Use:
    """Units that a month takes. A transaction takes two for each KB, in both capacity modes.

    Attributes
    ----------
    what, kind : str
        ``write`` or ``read``.
    units : float
        Of the table and its index.
    of_index : float
        Those of the index.
    """

    what: str
    kind: str
    units: float
    of_index: float = 0.0

    def of(self, part: str) -> float:
        """Return the units of the ``table`` or of the ``index``."""
        return self.of_index if part == "index" else self.units - self.of_index


def needed(scaling: Scaling, uses: Iterable[Use]) -> int:
    """Return the units that auto scaling keeps: the average use over the target, rounded up.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/AutoScaling.html
    """
    taken = sum(use.of(scaling.part) for use in uses if use.kind == scaling.kind)
    average = taken / (MONTH_HOURS * 3600)
    return max(scaling.minimum, math.ceil(average / scaling.target))


def recommended(scalings: Iterable[Scaling], uses: Iterable[Use]) -> dict[str, str]:
    """Return the parameters with which a table begins with the units that it needs.

    The index gets what it needs when the table writes nothing but events, as it does when many
    wait in the queue. Otherwise it would throttle the table before the table is full.
    """
    taken, bounded = list(uses), list(scalings)
    values = {(one.part, one.kind): needed(one, taken) for one in bounded}
    [events] = [use for use in taken if (use.what, use.kind) == ("events", "write")]
    share = events.of("index") / events.of("table")
    values["index", "write"] = max(
        values["index", "write"], math.ceil(values["table", "write"] * share)
    )
    chosen = {name: str(values[key]) for key, name in _PARAMETERS.items()}
    most = max(values.values())
    if most > min(one.maximum for one in bounded):
        chosen["TableMaxUnits"] = str(2 * most)  # room for a burst
    return {"TableCapacity": "provisioned"} | chosen
