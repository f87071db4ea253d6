"""Compares the stored events of the bundled clip with the smiles that it contains."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from smile_contract import parse_time

MAX_ERROR_MS = 500  # of a start or end
_MAX_OFFSET_MS = 2000  # an event that starts further off belongs to another smile


@dataclass(frozen=True)
class Episode:
    """A smile in the clip.

    Attributes
    ----------
    person : str
        Who smiles.
    start_ms, end_ms : int
        Its start and end, from the clip's first frame.
    """

    person: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class Match:
    """A smile in the clip and the stored event for it.

    Attributes
    ----------
    episode : Episode
        The smile.
    event_id : str or None
        None when there is no event.
    start_error_ms, end_error_ms : int
        The event's times minus the smile's.
    """

    episode: Episode
    event_id: str | None = None
    start_error_ms: int = 0
    end_error_ms: int = 0

    @property
    def is_close(self) -> bool:
        """Whether there is an event, and its start and end are within `MAX_ERROR_MS`."""
        errors_ms = (abs(self.start_error_ms), abs(self.end_error_ms))
        return self.event_id is not None and max(errors_ms) <= MAX_ERROR_MS


def load_episodes(clip: Path) -> list[Episode]:
    """Return the smiles of a clip from the file beside it: ``smiles.mp4`` has ``smiles.json``."""
    truth = json.loads(clip.with_suffix(".json").read_text("utf-8"))
    names = [str(person["name"]) for person in truth["people"]]
    return [Episode(names[e["person"]], e["start_ms"], e["end_ms"]) for e in truth["episodes"]]


def compare(
    episodes: Sequence[Episode], stored: Sequence[Mapping[str, Any]], start_time: datetime
) -> tuple[list[Match], list[str]]:
    """Assign the nearest stored event to each smile.

    Parameters
    ----------
    episodes : sequence of Episode
        The smiles in the clip.
    stored : sequence of Mapping
        Events from the REST API.
    start_time : datetime
        The time of the clip's first frame.

    Returns
    -------
    matches : list of Match
        One for each smile.
    extra : list of str
        Ids of events that belong to no smile.
    """
    found = {str(event["event_id"]): _span_ms(event, start_time) for event in stored}
    pairs = sorted(
        (abs(start - e.start_ms) + abs(end - e.end_ms), i, event_id)
        for i, e in enumerate(episodes)
        for event_id, (start, end) in found.items()
        if abs(start - e.start_ms) <= _MAX_OFFSET_MS
    )
    matches: dict[int, Match] = {}
    for _, i, event_id in pairs:
        if i not in matches and event_id in found:
            start, end = found.pop(event_id)
            e = episodes[i]
            matches[i] = Match(e, event_id, start - e.start_ms, end - e.end_ms)
    return [matches.get(i, Match(e)) for i, e in enumerate(episodes)], sorted(found)


def _span_ms(event: Mapping[str, Any], start_time: datetime) -> tuple[int, int]:
    ends = [parse_time(str(event[key])) for key in ("started_at", "ended_at") if event.get(key)]
    offsets = [round((end - start_time).total_seconds() * 1000) for end in ends]
    return offsets[0], offsets[-1]
