"""Smiles and tracks are compared with the truth of a scene as documented."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from bench.edge.run_loop import DetectedSmile, Recorder, make_vision, run_loop
from bench.edge.smile_score import TrueSmile, people_of_tracks, score_smiles, true_smiles
from bench.edge.track_data import tracking_data
from bench.scenes.scene import Face
from edge_lambda.stream import FaceMark
from tests.helpers.video import CLIP

SIZE = (1000, 500)
LEFT, RIGHT = (100.0, 100.0, 100.0, 100.0), (600.0, 100.0, 100.0, 100.0)


def face(identity: int = 0, smiles: bool = False, visible: float = 1.0) -> Face:
    return Face(identity, (LEFT, RIGHT)[identity], smiles, visible)


def mark(track_id: int, box: tuple[float, float, float, float]) -> FaceMark:
    width, height = SIZE
    relative = box[0] / width, box[1] / height, box[2] / width, box[3] / height
    return FaceMark(relative, 0.5, track_id, False)


def test_smile_lasts_from_its_first_to_its_last_visible_frame() -> None:
    frames = [[face(smiles=5 <= index < 30, visible=float(index < 25))] for index in range(40)]
    assert true_smiles(frames) == [TrueSmile(0, 200, 1000)]


def test_smile_goes_on_when_it_is_hidden_for_a_second_but_not_when_for_two() -> None:
    def frames(hidden: int) -> list[list[Face]]:
        return [
            [face(smiles=True, visible=float(not 20 <= index < 20 + hidden))]
            for index in range(40 + hidden)
        ]

    assert len(true_smiles(frames(25))) == 1
    assert len(true_smiles(frames(50))) == 2


def test_two_smiles_are_two_and_a_short_one_is_none() -> None:
    smiling = [1] * 20 + [0] * 5 + [1] * 20 + [0] * 5 + [1] * 10
    frames = [[face(smiles=bool(smiles))] for smiles in smiling]
    assert len(true_smiles(frames)) == 2


def test_track_is_on_the_person_it_overlaps_by_a_fifth() -> None:
    frames = [[face(0), face(1)]] * 3
    near = (LEFT[0] + 60, *LEFT[1:])  # overlaps by 40 / 160
    beside = (LEFT[0] + 70, *LEFT[1:])  # by 30 / 170
    shown = {0: [mark(7, near)], 1: [mark(7, beside)], 2: [mark(7, LEFT), mark(8, RIGHT)]}
    assert people_of_tracks(frames, shown, SIZE) == {7: Counter({0: 2}), 8: Counter({1: 1})}


def test_track_is_on_the_nearer_of_two_people() -> None:
    between = [Face(0, LEFT, False, 1.0), Face(1, (160.0, *LEFT[1:]), False, 1.0)]
    shown = {0: [mark(7, (140.0, *LEFT[1:]))]}
    assert people_of_tracks([between], shown, SIZE) == {7: Counter({1: 1})}


def test_reports_are_found_split_missed_or_invented() -> None:
    truth = [TrueSmile(0, 1000, 3000), TrueSmile(1, 1000, 2000)]
    people = {1: Counter({0: 9, 1: 2}), 2: Counter({0: 5})}
    reports = [
        DetectedSmile(1, 1100, 1500),
        DetectedSmile(2, 2000, 2950),  # the same smile in a new track
        DetectedSmile(1, 4000, 5000),  # no smile then
        DetectedSmile(3, 1000, 2000),  # on nobody
    ]
    score = score_smiles(truth, reports, people)
    assert (score.found, score.split, score.missed, score.invented) == (1, 1, 1, 2)
    assert (score.start_errors_ms, score.end_errors_ms) == ([100], [-50])
    score.add(score_smiles(truth, reports[:1], people))
    assert (score.found, score.missed, score.start_errors_ms) == (2, 2, [100, 100])


def test_boxes_on_hidden_faces_count_neither_for_nor_against_a_track() -> None:
    frames = [[face(0), face(1, visible=0.2)]]
    data = tracking_data(frames, {0: [mark(4, LEFT), mark(5, RIGHT)]}, SIZE)
    assert (data["num_gt_dets"], data["num_tracker_dets"]) == (1, 1)
    assert data["similarity_scores"][0] == pytest.approx(np.array([[1.0]]))
    elsewhere = (400.0, 300.0, 100.0, 100.0)
    data = tracking_data(frames, {0: [mark(4, LEFT), mark(5, elsewhere)]}, SIZE)
    assert data["num_tracker_dets"] == 2


@pytest.mark.parametrize(("aside", "counted"), [(50, 0), (60, 1)])
def test_box_near_a_hidden_face_counts_from_a_certain_distance(aside: int, counted: int) -> None:
    near = (LEFT[0] + aside, *LEFT[1:])  # overlaps by 50 / 150 or 40 / 160
    data = tracking_data([[face(0, visible=0.0)]], {0: [mark(4, near)]}, SIZE)
    assert data["num_tracker_dets"] == counted


@pytest.mark.parametrize(("left", "counted"), [(130, 1), (140, 0)])
def test_box_between_two_faces_counts_when_it_is_right_for_the_visible_one(
    left: float, counted: int
) -> None:
    frames = [[Face(0, LEFT, False, 1.0), Face(1, (160.0, *LEFT[1:]), False, 0.0)]]
    data = tracking_data(frames, {0: [mark(4, (left, *LEFT[1:]))]}, SIZE)
    assert data["num_tracker_dets"] == counted


@pytest.mark.parametrize(("away", "people"), [(40, 1), (60, 2)])
def test_who_returns_after_two_seconds_counts_as_another_person(away: int, people: int) -> None:
    frames = [[face(0)], *[[face(0, visible=0.0)]] * away, [face(0)]]
    data = tracking_data(frames, {}, SIZE)
    assert data["num_gt_ids"] == people
    assert [numbers.tolist() for numbers in data["gt_ids"]] == [[0], *[[]] * away, [people - 1]]


def test_loop_reports_frames_faces_and_smiles_of_a_video() -> None:
    recorder = Recorder()
    run = run_loop(CLIP, make_vision(), recorder, max_frames=170)
    assert run.frames == 170
    assert list(recorder.shown) == list(range(170))
    assert len(recorder.shown[100]) == 2
    # Robin smiles from 3.0 to 6.2 s, Noor from 5.0 s to beyond the end.
    first, second = sorted(run.smiles, key=lambda smile: smile.start_ms)
    assert (first.start_ms, first.end_ms) == pytest.approx((3000, 6200), abs=200)
    assert (second.start_ms, second.end_ms) == pytest.approx((5000, 6800), abs=200)
