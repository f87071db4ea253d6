"""Truth and tracks in the form that TrackEval takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bench.edge.smile_score import FRAME_MS, to_px
from bench.scenes.scene import Face
from edge_lambda.stream import FaceMark
from smile_vision.faces.boxes import iou

__all__ = ["MIN_IOU", "tracking_data"]

MIN_IOU = 0.5
NEW_PERSON_MS = 2000  # who was out of sight for longer counts as another person
HIDDEN_IOU = 0.3  # a box on a hidden face is neither right nor wrong


def tracking_data(
    frames: Sequence[Sequence[Face]],
    shown: Mapping[int, Sequence[FaceMark]],
    size: tuple[int, int],
) -> dict[str, Any]:
    """Return truth and tracks as TrackEval takes them: ids from 0 and overlaps, by frame."""
    visits = _visits(frames)
    track_ids: dict[int, int] = {}
    true_ids, found_ids, overlaps = [], [], []
    for index, faces in enumerate(frames):
        visible = [face for face in faces if face.is_visible]
        hidden = [face for face in faces if not face.is_visible]
        boxes = []
        for mark in shown.get(index, ()):
            box = to_px(mark.box, size)
            is_on_face = any(iou(box, face.box) >= MIN_IOU for face in visible)
            if is_on_face or all(iou(box, face.box) < HIDDEN_IOU for face in hidden):
                boxes.append((track_ids.setdefault(mark.track_id, len(track_ids)), box))
        true_ids.append(np.array([visits[index][face.identity] for face in visible], int))
        found_ids.append(np.array([number for number, _ in boxes], int))
        shared = [[iou(face.box, box) for _, box in boxes] for face in visible]
        overlaps.append(np.array(shared, float).reshape(len(visible), len(boxes)))
    return {
        "num_timesteps": len(frames),
        "num_gt_ids": len({number for numbers in true_ids for number in numbers.tolist()}),
        "num_tracker_ids": len(track_ids),
        "num_gt_dets": sum(map(len, true_ids)),
        "num_tracker_dets": sum(map(len, found_ids)),
        "gt_ids": true_ids,
        "tracker_ids": found_ids,
        "similarity_scores": overlaps,
    }


def _visits(frames: Sequence[Sequence[Face]]) -> list[dict[int, int]]:
    """Return the number of each visible person by frame; who returns late gets another one."""
    numbers: dict[tuple[int, int], int] = {}
    visit: Counter[int] = Counter()
    last_seen: dict[int, int] = {}
    result = []
    for index, faces in enumerate(frames):
        of_frame = {}
        for face in faces:
            if not face.is_visible:
                continue
            away = index - last_seen.get(face.identity, index)
            visit[face.identity] += away * FRAME_MS > NEW_PERSON_MS
            last_seen[face.identity] = index
            key = (face.identity, visit[face.identity])
            of_frame[face.identity] = numbers.setdefault(key, len(numbers))
        result.append(of_frame)
    return result
