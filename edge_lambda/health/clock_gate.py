"""Hold events back while the clock of the device is wrong, and correct their times.

A Raspberry Pi without a battery starts in the past, until it reaches a time server.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from edge_lambda.health.machine import clock_state
from edge_lambda.version import RELEASED
from smile_contract import ContractError, SmileEvent, format_time, parse_time, uuid7

_log = logging.getLogger(__name__)
_CHECK_S = 1.0
_WRITE_S = 3600.0
_MOST_HELD = 1000


@dataclass(frozen=True, slots=True)
class _Held:
    event: SmileEvent
    offset_s: float
    """System clock minus monotonic clock when the event was made."""


class Destination(Protocol):
    """Takes events; see `Publisher`."""

    def publish(self, event: SmileEvent) -> None:
        """Publish an event."""

    def note(self, smiles: Sequence[SmileEvent]) -> None:
        """Note the latest state of ongoing smiles."""


class ClockGate:
    """Passes events on, once the system clock can be right.

    The clock can be right when a time server keeps it, or when it shows no earlier time than the
    release of the program and the latest right time on the disk. Until then events are held in
    memory. Then their times are shifted by as much as the clock was wrong when they were made, and
    they are marked ``"clock": "corrected"``.

    Parameters
    ----------
    destination : Destination
    file : Path or None
        For the latest right time. It is written once an hour.
    follows_clock : bool
        Whether the times of events come from the system clock. Others pass as they are.

    Attributes
    ----------
    lost : int
        Events that could not be held, or whose time was never known.
    """

    def __init__(
        self, destination: Destination, file: Path | None = None, *, follows_clock: bool = True
    ) -> None:
        self.lost = 0
        self._destination = destination
        self._file = file
        self._follows_clock = follows_clock
        self._earliest = max(RELEASED, _time_in(file))
        self._held: deque[_Held] = deque()
        self._corrected: dict[str, tuple[str, datetime]] = {}
        self._dated: set[str] = set()  # ongoing smiles that started while the clock was right
        self._checked_s = self._written_s = float("-inf")
        self._is_right = not follows_clock

    @property
    def held(self) -> int:
        """How many events wait for the right time."""
        return len(self._held)

    def publish(self, event: SmileEvent) -> None:
        """Pass an event on, or hold it back."""
        self._checked_s = float("-inf")  # the clock may have been set since the latest look
        self.check()
        if event.event_id in self._dated:  # its times count from its start
            if event.phase == "ended":
                self._dated.remove(event.event_id)
            self._destination.publish(event)
        elif not self._is_right:
            self._hold(event)
        elif event.event_id in self._corrected:  # it started while the clock was wrong
            correction = self._corrected.pop(event.event_id)
            self._destination.publish(_with_start(event, *correction))
        else:
            if event.phase == "started":
                self._dated.add(event.event_id)
            self._destination.publish(event)

    def note(self, smiles: Sequence[SmileEvent]) -> None:
        """Pass on the state of ongoing smiles; those with unknown times are not noted."""
        if self._is_right:
            self._destination.note(
                [
                    _with_start(smile, *self._corrected[smile.event_id])
                    if smile.event_id in self._corrected
                    else smile
                    for smile in smiles
                ]
            )

    def check(self) -> None:
        """Look at the clock once a second, and release the held events when it is right."""
        now_s = time.monotonic()
        if not self._follows_clock or now_s - self._checked_s < _CHECK_S:
            return
        self._checked_s = now_s
        is_synchronized = clock_state() == "synchronized"
        self._is_right = is_synchronized or _now() >= self._earliest
        if self._is_right:
            self._release()
        if is_synchronized and now_s - self._written_s >= _WRITE_S:
            self._written_s = now_s
            self._write_time()

    def close(self) -> None:
        """Give up the events that are still held."""
        self._checked_s = float("-inf")
        self.check()
        if self._held:
            self.lost += len(self._held)
            _log.error("events lost, the clock was never set", extra={"events": len(self._held)})
            self._held.clear()

    def _hold(self, event: SmileEvent) -> None:
        if not self._held:
            _log.warning(
                "clock is wrong, events are held",
                extra={"clock": format_time(_now()), "earliest": format_time(self._earliest)},
            )
        self._held.append(_Held(event, _offset_s()))
        if len(self._held) > _MOST_HELD:
            self._held.popleft()
            self.lost += 1

    def _release(self) -> None:
        if not self._held:
            return
        offset_s = _offset_s()
        shift_s = offset_s - self._held[0].offset_s
        _log.warning(
            "clock is set, events are corrected",
            extra={"events": len(self._held), "shift_s": round(shift_s)},
        )
        while self._held:
            held = self._held.popleft()
            self._destination.publish(self._correct(held.event, offset_s - held.offset_s))

    def _correct(self, event: SmileEvent, shift_s: float) -> SmileEvent:
        if event.event_id in self._corrected:
            new_id, started_at = self._corrected[event.event_id]
        else:
            started_at = event.started_at + timedelta(milliseconds=round(shift_s * 1000))
            new_id = uuid7(started_at)
            self._corrected[event.event_id] = new_id, started_at
        if event.phase == "ended":
            del self._corrected[event.event_id]
        return _with_start(event, new_id, started_at)

    def _write_time(self) -> None:
        if self._file is None:
            return
        try:
            self._file.write_text(format_time(_now()), "ascii")
        except OSError as error:
            _log.debug("time not written", extra={"error": repr(error)})


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


def _offset_s() -> float:
    return time.time() - time.monotonic()


def _with_start(event: SmileEvent, event_id: str, started_at: datetime) -> SmileEvent:
    ended_at = event.ended_at and started_at + timedelta(milliseconds=event.duration_ms)
    return replace(
        event, event_id=event_id, started_at=started_at, ended_at=ended_at, clock="corrected"
    )


def _time_in(file: Path | None) -> datetime:
    """Return the time in the file; that of the release without a readable one."""
    try:
        return RELEASED if file is None else parse_time(file.read_text("ascii"))
    except (OSError, ValueError, ContractError):
        return RELEASED
