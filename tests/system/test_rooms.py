"""The whole loop, with the shipped networks, in synthetic rooms with known people and things."""

from __future__ import annotations

from collections import Counter

import pytest

from bench.edge.run_loop import LoopRun, Recorder, run_loop_on
from bench.edge.smile_score import people_of_tracks, score_smiles, true_smiles
from bench.scenes.catalog import SCENES, people_of_the_clip
from bench.scenes.layers import Person, still, walk
from bench.scenes.scene import Scene
from tests.helpers.fixed_cost_vision import FixedCostVision
from tests.helpers.room_scenes import SceneCamera

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def vision() -> FixedCostVision:
    return FixedCostVision()


def play(scene: Scene, vision: FixedCostVision) -> tuple[LoopRun, Recorder, SceneCamera]:
    recorder, camera = Recorder(), SceneCamera(scene)
    return run_loop_on(camera, vision, recorder, clock=vision.now_s), recorder, camera


def frames_of_tracks(recorder: Recorder) -> Counter[int]:
    return Counter(face.track_id for faces in recorder.shown.values() for face in faces)


@pytest.mark.parametrize(
    ("face_px", "size", "roll_deg"),
    [
        (40, (1280, 720), 0), (40, (1920, 1080), 0), (54, (1280, 720), 30), (54, (1280, 720), -30),
        (120, (1920, 1080), 0), (200, (1280, 720), 30),
    ],
)  # fmt: skip
def test_smile_is_found_at_every_size_of_the_face_and_tilt_of_the_head(
    face_px: int, size: tuple[int, int], roll_deg: float, vision: FixedCostVision
) -> None:
    place = still(size[0] * 0.6, size[1] * 0.45, face_px, roll_deg)
    person = Person(face_px % 3, place, ((1500, 3000),), sway_px=face_px / 25)
    run, recorder, camera = play(Scene("one", (person,), 4000, size, seed=face_px), vision)
    people = people_of_tracks(camera.faces, recorder.shown, size)
    score = score_smiles(true_smiles(camera.faces), run.smiles, people)
    assert (score.found, score.missed, score.split, score.invented) == (1, 0, 0, 0)
    assert max(map(abs, score.start_errors_ms + score.end_errors_ms)) <= 500
    assert len(frames_of_tracks(recorder)) == 1


def test_three_people_of_40_px_have_three_tracks_and_their_smiles(vision: FixedCostVision) -> None:
    scene = people_of_the_clip(40, (1280, 720))
    run, recorder, camera = play(scene, vision)
    people = people_of_tracks(camera.faces, recorder.shown, scene.size)
    score = score_smiles(true_smiles(camera.faces), run.smiles, people)
    assert (score.found, score.missed, score.split, score.invented) == (7, 0, 0, 0)
    assert len(frames_of_tracks(recorder)) == 3


@pytest.mark.parametrize("name", ["things", "backs_of_heads"])
def test_nothing_is_reported_and_followed_in_a_room_without_faces(
    name: str, vision: FixedCostVision
) -> None:
    run, recorder, _ = play(SCENES[name], vision)
    assert run.smiles == []
    assert max(frames_of_tracks(recorder).values(), default=0) < 25


def test_smile_is_one_when_somebody_walks_by_in_front(vision: FixedCostVision) -> None:
    """The face is hidden for 0.7 s."""
    scene = Scene(
        "passing",
        (
            Person(2, still(660, 310, 80), ((1000, 5500),)),
            Person(4, walk((1000, 0, 300, 170), (5000, 1320, 300, 170))),
        ),
        duration_ms=6000,
        seed=3,
    )
    run, recorder, camera = play(scene, vision)
    people = people_of_tracks(camera.faces, recorder.shown, scene.size)
    score = score_smiles(true_smiles(camera.faces), run.smiles, people)
    assert (score.found, score.split, score.invented) == (1, 0, 0)
    assert len(frames_of_tracks(recorder)) == 2


def test_people_keep_their_tracks_when_they_cross(vision: FixedCostVision) -> None:
    scene = Scene(
        "crossing",
        (
            Person(1, walk((300, 250, 300, 84), (4000, 1000, 300, 84))),
            Person(0, walk((300, 1050, 310, 104), (4000, 280, 310, 104))),
        ),
        duration_ms=4500,
        seed=2,
    )
    _, recorder, camera = play(scene, vision)
    people = people_of_tracks(camera.faces, recorder.shown, scene.size)
    assert len(frames_of_tracks(recorder)) == 2
    assert sorted(identity for one in people.values() for identity in one) == [0, 1]


def test_faces_are_followed_when_the_camera_shakes(vision: FixedCostVision) -> None:
    scene = Scene(
        "shaking",
        (Person(0, still(400, 310, 70), ((1000, 2500),)), Person(5, still(820, 300, 90))),
        duration_ms=4000,
        seed=6,
        shake_px=14,
    )
    run, recorder, _ = play(scene, vision)
    assert len(frames_of_tracks(recorder)) == 2
    assert min(frames_of_tracks(recorder).values()) >= 90
    assert len(run.smiles) == 1


def test_smile_of_a_face_that_the_edge_of_the_frame_cuts_is_not_reported(
    vision: FixedCostVision,
) -> None:
    scene = Scene("edge", (Person(1, still(18, 300, 120), ((500, 2500),)),), duration_ms=3000)
    run, recorder, _ = play(scene, vision)
    assert run.smiles == []
    problems = {face.problem for faces in recorder.shown.values() for face in faces}
    assert problems <= {"cut off", "turned away"}


def test_smile_in_the_dark_is_not_reported(vision: FixedCostVision) -> None:
    person = Person(1, still(640, 300, 120), ((500, 2500),))
    run, recorder, _ = play(Scene("dark", (person,), duration_ms=3000, light=0.1), vision)
    assert run.smiles == []
    problems = {face.problem for faces in recorder.shown.values() for face in faces}
    assert problems <= {"too dark or too flat"}
