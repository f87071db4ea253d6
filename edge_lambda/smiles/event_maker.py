"""Make the smile events that the device publishes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from edge_lambda.faces.track import Track
from smile_contract import Face, Model, SmileEvent, truncate_to_ms, uuid7
from smile_contract.episodes.smile import Smile
from smile_vision.faces.boxes import clipped

_DECIMALS = 4


class EventMaker:
    """Give each smile an event id and wall-clock times.

    Parameters
    ----------
    device_id : str
    model : Model
        The model that scores the faces.
    time_at : callable
        Converts a position in the video, in ms, to a UTC time.
    """

    def __init__(self, device_id: str, model: Model, time_at: Callable[[float], datetime]) -> None:
        self._device_id = device_id
        self.model = model
        self._time_at = time_at
        self._open: dict[int, tuple[str, datetime, Model]] = {}

    def make(self, track: Track, smile: Smile) -> SmileEvent:
        """Return the event of a smile; the outbox assigns its `seq`.

        The ``started`` and the ``ended`` event of a smile share id, start time and model.
        """
        if track.id not in self._open:
            started_at = truncate_to_ms(self._time_at(smile.start_ms))
            self._open[track.id] = (uuid7(started_at), started_at, self.model)
        event_id, started_at, model = self._open[track.id]
        has_ended = smile.phase == "ended"
        if has_ended:
            del self._open[track.id]
        duration_ms = round(smile.end_ms - smile.start_ms)
        x, y, width, height = (round(part, _DECIMALS) for part in clipped(track.seen.box))
        return SmileEvent(
            event_id=event_id,
            device_id=self._device_id,
            seq=0,
            phase=smile.phase,
            started_at=started_at,
            ended_at=started_at + timedelta(milliseconds=duration_ms) if has_ended else None,
            duration_ms=duration_ms,
            peak_score=round(smile.peak_score, _DECIMALS),
            mean_score=round(smile.mean_score, _DECIMALS),
            face=Face(round(track.seen.score, _DECIMALS), (x, y, width, height)),
            track_id=track.id,
            model=model,
            score_history=tuple(round(score, _DECIMALS) for score in smile.score_history),
        )
