"""Compares what was found in the bundled clip with what is really in it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from smile_contract import parse_time

# A found smile that begins further off than this is another one.
MAX_ERROR_MS = 500
_MAX_OFFSET_MS = 2000


@dataclass(frozen=True)
class Episode:
    """A smile that is really in the clip.

    Attributes
    ----------
    person : str
        Who smiles.
    start_ms, end_ms : int
        From when to when, from the clip's first frame.
    """

    person: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class Match:
    """An episode and the stored event that tells of it.

    Attributes
    ----------
    episode : Episode
        What is really there.
    event_id : str or None
        None when nothing was found.
    start_error_ms, end_error_ms : int
        Found minus real.
    """

    episode: Episode
    event_id: str | None = None
    start_error_ms: int = 0
    end_error_ms: int = 0

    @property
    def is_close(self) -> bool:
        """Whether the episode was found, start and end within half a second."""
        errors_ms = (abs(self.start_error_ms), abs(self.end_error_ms))
        return self.event_id is not None and max(errors_ms) <= MAX_ERROR_MS


def load_episodes(clip: Path) -> list[Episode] | None:
    """Read the ground truth beside a clip; None when there is none.

    Parameters
    ----------
    clip : Path
        The video; ``smiles.mp4`` has ``smiles.json`` beside it.
    """
    try:
        truth = json.loads(clip.with_suffix(".json").read_text("utf-8"))
        names = [str(person["name"]) for person in truth["people"]]
        return [Episode(names[e["person"]], e["start_ms"], e["end_ms"]) for e in truth["episodes"]]
    except (OSError, ValueError, LookupError, TypeError):
        return None


def compare(
    episodes: Sequence[Episode], stored: Sequence[Mapping[str, Any]], start_time: datetime
) -> tuple[list[Match], list[str]]:
    """Give each episode the nearest stored event.

    Parameters
    ----------
    episodes : sequence of Episode
        The ground truth.
    stored : sequence of Mapping
        Events as the REST API shows them.
    start_time : datetime
        The time of the clip's first frame.

    Returns
    -------
    matches : list of Match
        One for each episode.
    extra : list of str
        Ids of events that belong to no episode.
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
