"""Review thresholds on the stored smiles of a device: what they would have reported instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from smile_cloud.history_api.event_history import EventHistory
from smile_cloud.history_api.export import is_late
from smile_cloud.history_api.precision import Precision
from smile_cloud.history_api.query import HistoryQuery
from smile_cloud.history_api.replay import TOLERANCE_MS, Outcome, Proposal, Replay

MAX_EVENTS: Final = 1000
"""Smiles that one request replays. One takes up to a millisecond on one core."""
MAX_LISTED: Final = 100
_AT_ONCE: Final = 250


class ThresholdReview:
    """Collects the outcomes of a proposal for the events of a device.

    Parameters
    ----------
    proposal : Proposal
    """

    def __init__(self, proposal: Proposal) -> None:
        self._proposal = proposal
        self._read = 0
        self._skipped = 0
        self._outcomes: Counter[Outcome] = Counter()
        self._verdicts: Counter[str] = Counter()
        self._kept_verdicts: Counter[str] = Counter()
        self._current: dict[str, Any] | None = None
        self._oldest: str | None = None
        self._different: list[dict[str, Any]] = []

    @property
    def is_full(self) -> bool:
        """Whether it takes no further event."""
        return self._read == MAX_EVENTS

    def add(self, item: dict[str, Any]) -> bool:
        """Replay an event; return False if the request has replayed enough."""
        if self.is_full:
            return False
        self._read += 1
        self._oldest = item["started_at"]
        if self._current is None:
            model = item["model"]
            self._current = {"on": model["threshold_on"], "off": model["threshold_off"]}
        replay = self._proposal.replay(item)
        if replay is None:
            self._skipped += 1
            return True
        self._outcomes[replay.outcome] += 1
        verdict = item.get("feedback", {}).get("verdict")
        self._verdicts[verdict] += 1
        if replay.outcome is not Outcome.VANISHES:
            self._kept_verdicts[verdict] += 1
        if replay.outcome is not Outcome.STAYS:
            self._different.append(_view(item, replay))
        return True

    def read(
        self,
        history: EventHistory,
        device_id: str,
        times: tuple[datetime | None, datetime | None],
        now: datetime,
        remaining_ms: Callable[[], int],
    ) -> dict[str, Any]:
        """Return the document about the newest events of a device in a range of time."""
        query = HistoryQuery(device_id, *times)
        rest = history.collect(
            query, self, at_once=_AT_ONCE, after=None, now=now, is_spent=is_late(remaining_ms)
        )
        return {"device_id": device_id, **self._document(is_complete=rest is None)}

    def _document(self, *, is_complete: bool) -> dict[str, Any]:
        current, proposed = _precision(self._verdicts), _precision(self._kept_verdicts)
        return {
            "proposed": {
                "on": self._proposal.threshold_on,
                "off": self._proposal.threshold_off,
                "min_duration_ms": self._proposal.min_duration_ms,
            },
            "current": self._current,
            "events": {
                "replayed": self._read - self._skipped,
                **{outcome.value: self._outcomes[outcome] for outcome in Outcome},
                "skipped": self._skipped,
            },
            "different": self._different[:MAX_LISTED],
            "precision": {"current": current.view(), "proposed": proposed.view()},
            "advice": _advice(current, proposed),
            "complete": is_complete,
            "oldest_started_at": self._oldest,
            "tolerance_ms": TOLERANCE_MS,
        }


def _precision(verdicts: Counter[str]) -> Precision:
    return Precision(verdicts["smile"], verdicts["not_smile"])


def _advice(current: Precision, proposed: Precision) -> str | None:
    """Return advice, only when the proposal's interval leaves out the current precision."""
    low, high = proposed.interval
    if current.value is None:
        return None
    if low > current.value:
        return (
            "The proposed thresholds are more precise. "
            f"They keep {proposed.smile} of {current.smile} confirmed smiles."
        )
    if high < current.value:
        return "The proposed thresholds are less precise; keep the current ones."
    return None


def _view(item: dict[str, Any], replay: Replay) -> dict[str, Any]:
    return {
        "event_id": item["event_id"],
        "started_at": item["started_at"],
        "outcome": replay.outcome.value,
        "duration_ms": item["duration_ms"],
        "replayed_duration_ms": replay.duration_ms,
        "smiles": replay.smiles,
    }
