"""Which followed face a detection belongs to."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edge_lambda.faces.track import Track
from smile_vision.faces.boxes import Box, centre_offset, grown, iou

_KNOWN_MS = 500.0  # the predicted place of a face unseen for longer decides nothing
_SAME_FACE_IOU = 0.35
_EQUAL_IOU = 0.1  # two faces fit a box equally well up to this difference
_OVERLAP_IOU = 0.2
_NEAR = 0.3  # of the box, on each side: networks disagree about the size of one face
_SIZE_RATIO = (0.8, 1.25)  # of a face that was missed for a second: people walk no faster
# How far from its expected place a missed face may return, in widths: it may have started to walk.
_REACH, _REACH_PER_S, _MAX_REACH = 0.4, 1.2, 1.2


def covers(tracks: Sequence[Track], box: Box) -> bool:
    """Return whether a face that is seen now has about this box."""
    near = grown(box, _NEAR)
    for track in tracks:
        if track.misses or track.age_ms >= _KNOWN_MS:
            continue
        expected = track.box_at(track.now_ms)
        if iou(expected, box) > _OVERLAP_IOU or iou(grown(expected, _NEAR), near) > _SAME_FACE_IOU:
            return True
    return False


def belongs_to_another(box: Box, track: Track, tracks: Sequence[Track]) -> bool:
    """Return whether a box found for `track` fits another face better, as when two people cross.

    A face that was missed, perhaps because the other one hides it, takes no box of a face that is
    seen. Between faces that fit equally well, the older one keeps the box.
    """
    if track.misses and not _is_as_large(track, box):
        return True
    own = iou(track.box_at(track.now_ms), box)
    for other in tracks:
        if other is track or other.missing_ms > _KNOWN_MS:
            continue
        others = iou(other.box_at(other.now_ms), box)
        if others <= _SAME_FACE_IOU or (other.misses and not track.misses):
            continue
        is_hidden = bool(track.misses) and not other.misses
        is_older = other.id < track.id and others > own - _EQUAL_IOU
        if is_hidden or others > own or is_older:
            return True
    return False


def missed_face_at(box: Box, tracks: Sequence[Track]) -> Track | None:
    """Return the missed face that is nearest to a new detection, if any is near enough.

    It may have stopped behind the thing that hides it, or walked on.
    """
    best, least = None, math.inf
    for track in tracks:
        if not track.misses or not _is_as_large(track, box):
            continue
        reach = min(_REACH + _REACH_PER_S * track.age_ms / 1000, _MAX_REACH)
        for expected in (track.box_at(track.now_ms), track.box_at_full_speed()):
            distance = _distance(expected, box)
            is_older = best is not None and distance == least and track.id < best.id
            if distance <= reach and (distance < least or is_older):
                best, least = track, distance
    return best


def _distance(one: Box, other: Box) -> float:
    """Return the distance of the centres, in sizes of the second box."""
    dx, dy = centre_offset(one, other)
    return math.hypot(dx / other[2], dy / other[3])


def _is_as_large(track: Track, box: Box) -> bool:
    ratio = box[2] / track.seen.box[2]
    return _SIZE_RATIO[0] < ratio < _SIZE_RATIO[1]
