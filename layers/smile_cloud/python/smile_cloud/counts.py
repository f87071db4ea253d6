"""What one event adds to the counts, and the sums of such contributions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

VERDICTS: Final = ("smile", "not_smile", "unsure")


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of events; a change of counts has negative ones.

    Attributes
    ----------
    events : int
        Smiles that started.
    ended : int
        Those of them that ended.
    duration_ms : int
        Sum over the ended ones.
    smile, not_smile, unsure : int
        Events with this verdict as their feedback.
    """

    events: int = 0
    ended: int = 0
    duration_ms: int = 0
    smile: int = 0
    not_smile: int = 0
    unsure: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, name) + getattr(other, name) for name in COUNT_NAMES))

    def __neg__(self) -> Counts:
        return Counts(*(-getattr(self, name) for name in COUNT_NAMES))

    def __sub__(self, other: Counts) -> Counts:
        return self + -other

    def as_dict(self) -> dict[str, int]:
        """Return each count by its name."""
        return asdict(self)


COUNT_NAMES: Final = tuple(field.name for field in fields(Counts))


def event_counts(item: Mapping[str, Any] | None) -> Counts:
    """Return what a stored event contributes to the counts of its quarter of an hour.

    Parameters
    ----------
    item : Mapping or None
        The attributes ``phase``, ``duration_ms`` and ``feedback`` of the event; None if there is no
        such event. A change from one item to another changes the counts by
        ``event_counts(new) - event_counts(old)``.
    """
    if item is None:
        return Counts()
    ended = item["phase"] == "ended"
    feedback = item.get("feedback")
    verdicts = {} if feedback is None else {feedback["verdict"]: 1}
    duration_ms = item["duration_ms"] if ended else 0
    return Counts(events=1, ended=int(ended), duration_ms=duration_ms, **verdicts)
