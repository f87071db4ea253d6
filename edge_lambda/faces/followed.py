"""The faces that are followed, and those that were lost lately."""

from __future__ import annotations

from collections.abc import Callable

from edge_lambda.faces.track import Track
from edge_lambda.faces.zones import Zones

# Key points are not used after this time without a look that found the face.
_USABLE_MS = 500.0
_USABLE_WHILE_MISSED_MS = 120.0
_CANDIDATE_MS = 250.0  # an unconfirmed face that is not seen again within this time is dropped


class FollowedFaces:
    """Keeps the tracks, and the lost ones until somebody takes them.

    Parameters
    ----------
    max_missed_ms : float
        A face unseen for longer is lost.

    Attributes
    ----------
    all : list of Track
        Oldest first; new ones are not confirmed yet.
    """

    def __init__(self, max_missed_ms: float) -> None:
        self.all: list[Track] = []
        self._lost: list[Track] = []
        self._max_missed_ms = max_missed_ms

    @property
    def confirmed(self) -> list[Track]:
        """The confirmed faces, oldest first."""
        return [track for track in self.all if track.is_confirmed]

    def in_view(self) -> list[Track]:
        """Return the confirmed faces whose key points are good in the latest frame."""
        return [track for track in self.confirmed if _is_in_view(track)]

    def drop_missed(self) -> None:
        """Lose the faces that have not been seen for too long."""

        def is_lost(track: Track) -> bool:
            limit_ms = self._max_missed_ms if track.is_confirmed else _CANDIDATE_MS
            return track.missing_ms > limit_ms

        self._drop(is_lost)

    def drop_outside(self, zones: Zones) -> None:
        """Lose the faces that have left the zones. A face out of sight waits for its return."""
        if zones:
            self._drop(lambda track: not zones.keep(track.seen.box))

    def drop_newest(self, most: int) -> None:
        """Lose the newest faces when there are more than `most`."""
        kept = {track.id for track in self.all[:most]}
        self._drop(lambda track: track.id not in kept)

    def drop_all(self) -> None:
        """Lose every face."""
        self._drop(lambda _: True)

    def take_lost(self) -> list[Track]:
        """Return the lost confirmed faces, once. They wait here when a network fails in between."""
        lost, self._lost = self._lost, []
        return lost

    def _drop(self, is_lost: Callable[[Track], bool]) -> None:
        lost = {track.id for track in self.all if is_lost(track)}
        self._lost += [track for track in self.confirmed if track.id in lost]
        self.all = [track for track in self.all if track.id not in lost]


def _is_in_view(track: Track) -> bool:
    usable_ms = _USABLE_WHILE_MISSED_MS if track.misses else _USABLE_MS
    return track.age_ms <= usable_ms
