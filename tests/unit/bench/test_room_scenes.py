"""The synthetic rooms show what their ground truth says."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from bench.edge.run_loop import Recorder, make_vision, run_loop_on
from bench.scenes.catalog import SCENES, SIZE_SCENES, SPEED_SCENES
from bench.scenes.people import CLOTHES, IDENTITIES
from bench.scenes.props import KINDS
from bench.scenes.room import paint_panorama
from bench.scenes.scene import Face, Person, Picture, Prop, Scene, still, walk
from bench.scenes.video import scene_video
from smile_vision import FaceDetection, PhotoFaceDetector, SmileClassifier, crop_face
from smile_vision.faces.boxes import iou
from tests.helpers.room_scenes import SceneCamera

ALWAYS = ((-1000, 60_000),)  # smiles in every frame


@pytest.fixture(scope="module")
def detector() -> PhotoFaceDetector:
    return PhotoFaceDetector()


def first_frame(scene: Scene) -> tuple[Picture, list[Face]]:
    return next(scene.frames())


def row_of_people(width_px: float, looks: range, **options: object) -> Scene:
    people = tuple(
        Person(look, still(250 + 360 * place, 220, width_px), ALWAYS if look % 2 else (), 0)
        for place, look in enumerate(looks)
    )
    return replace(Scene("row", people), **options)  # type: ignore[arg-type]


def detection_at(found: list[FaceDetection], face: Face) -> FaceDetection:
    """Return the detection whose centre is in the true box."""
    x, y, width, height = face.box
    (match,) = [
        one
        for one in found
        if x < one.box[0] + one.box[2] / 2 < x + width
        and y < one.box[1] + one.box[3] / 2 < y + height
    ]
    return match


def assert_boxes_agree(found: list[FaceDetection], faces: list[Face]) -> None:
    assert len(found) == len(faces)
    for face in faces:
        box = detection_at(found, face).box
        for side in (0, 1):
            assert box[side] + box[side + 2] / 2 == pytest.approx(
                face.box[side] + face.box[side + 2] / 2, abs=0.045 * face.box[2]
            )
            assert box[side + 2] == pytest.approx(face.box[side + 2], rel=0.1)


@pytest.mark.parametrize("looks", [range(3), range(3, 6)])
@pytest.mark.parametrize("width_px", [44.0, 140.5])
def test_detector_finds_each_face_at_its_true_box(
    detector: PhotoFaceDetector, looks: range, width_px: float
) -> None:
    picture, faces = first_frame(row_of_people(width_px, looks))
    assert [face.box[2] for face in faces] == [width_px] * 3
    assert_boxes_agree(detector.detect(picture), faces)


def test_detector_finds_each_face_at_its_true_box_when_the_camera_moves(
    detector: PhotoFaceDetector,
) -> None:
    scene = Scene(
        "moving",
        (Person(1, walk((0, 500, 300, 90), (2000, 760, 300, 90))), Person(5, still(900, 290, 80))),
        duration_ms=2000,
        shake_px=12,
        pan_px_per_s=90,
    )
    for picture, faces in islice(scene.frames(every=16), 1, None):
        assert_boxes_agree(detector.detect(picture), faces)


def test_people_and_room_move_alike_when_the_camera_turns() -> None:
    scene = Scene(
        "turning", (Person(0, still(640, 300, 80), sway_px=0),), 1040, noise=0, pan_px_per_s=90
    )
    (before, (face,)), (after, (later,)) = scene.frames(every=25)
    assert later.box == (face.box[0] - 90, *face.box[1:])
    wall = np.s_[0:120, 700:1280]
    assert np.array_equal(after[:, :-90][wall], before[:, 90:][wall])


def test_heads_turn_clockwise_by_the_stated_roll(detector: PhotoFaceDetector) -> None:
    people = (Person(1, still(350, 300, 110, 25), sway_px=0), Person(2, still(850, 300, 110, -25)))
    picture, faces = first_frame(Scene("tilted", people))
    found = detector.detect(picture)
    for face, degrees in zip(faces, (25, -25), strict=True):
        image_left_eye, image_right_eye = detection_at(found, face).keypoints[:2]
        dx, dy = image_right_eye - image_left_eye
        assert np.degrees(np.arctan2(dy, dx)) == pytest.approx(degrees, abs=6)


@pytest.mark.parametrize("looks", [range(3), range(3, 6)])
def test_classifier_agrees_with_the_smiles(detector: PhotoFaceDetector, looks: range) -> None:
    picture, faces = first_frame(row_of_people(90, looks))
    grey = (picture @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
    found = detector.detect(picture)
    for face, look in zip(faces, looks, strict=True):
        assert face.is_smiling == bool(look % 2)
        crop = crop_face(grey, detection_at(found, face).keypoints)
        (score,) = SmileClassifier.load(flip=True).smile_scores(crop[None])
        assert (score > 0.8) if face.is_smiling else (score < 0.2)


def test_each_identity_stands_at_its_place() -> None:
    people = tuple(
        Person(look, still(100 + 215 * look, 200, 60), sway_px=0) for look in range(IDENTITIES)
    )
    picture, faces = first_frame(Scene("all", people, noise=0))
    assert [face.identity for face in faces] == list(range(IDENTITIES))
    for face, clothes in zip(faces, CLOTHES, strict=True):
        x, y = int(face.box[0] + 30), int(face.box[1] + 150)  # the chest
        colour = picture[y - 3 : y + 3, x - 3 : x + 3].mean(axis=(0, 1))
        cosine = colour @ clothes / np.linalg.norm(colour) / np.linalg.norm(clothes)
        assert cosine > 0.995


def test_smile_starts_and_ends_at_the_stated_times() -> None:
    scene = Scene("smile", (Person(0, still(640, 300, 60), ((400, 1000),)),), 1400)
    smiling = [faces[0].is_smiling for _, faces in scene.frames()]
    times_ms = [t_ms for t_ms, smiles in zip(scene.times_ms, smiling, strict=True) if smiles]
    assert (times_ms[0], times_ms[-1]) == (400, 1000)


def test_same_seed_gives_the_same_frames_and_another_seed_others() -> None:
    scene = replace(SCENES["shaking"], duration_ms=80, noise=5)
    one, same, other = (
        [picture for picture, _ in this.frames()] for this in (scene, scene, replace(scene, seed=9))
    )
    assert len(one) == 2
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_visible_share_counts_what_is_in_front_and_outside() -> None:
    scene = Scene(
        "hidden",
        (
            Person(0, still(200, 300, 80), sway_px=0),
            Person(1, still(500, 300, 80), sway_px=0),
            Person(2, still(1280, 300, 80), sway_px=0),
            Person(3, still(1500, 300, 80), sway_px=0),
            Person(4, still(800, 300, 80), sway_px=0),
            Prop("board", still(200, 300, 120)),
            Prop("board", still(616, 300, 240)),  # up to the middle of the face
        ),
    )
    _, faces = first_frame(scene)
    shares = [face.visible_share for face in faces]
    assert shares == pytest.approx([0, 0.5, 0.5, 0, 1], abs=0.05)
    assert not any(faces[index].is_visible for index in (0, 3))
    assert faces[4].is_visible


def test_light_and_noise_change_the_frame_as_stated() -> None:
    plain = Scene("plain", noise=0)
    dark, noisy = replace(plain, light=0.5), replace(plain, noise=6)
    picture = first_frame(plain)[0].astype(int)
    assert np.abs(first_frame(dark)[0] - picture / 2).max() <= 1
    assert (first_frame(noisy)[0] - picture).std() == pytest.approx(6, rel=0.05)
    swinging = replace(plain, light_swing=0.2, light_period_s=0.16, duration_ms=160)
    means = [frame.mean() for frame, _ in swinging.frames()]
    assert means[1] / means[0] > 1.1
    assert means[3] / means[0] < 0.9


def test_a_sitting_person_keeps_every_pixel_when_frozen() -> None:
    person = Person(0, still(640, 300, 80), sway_px=0, is_frozen=True)
    scene = Scene("frozen", (person,), duration_ms=120, noise=0)
    first, *others = [picture for picture, _ in scene.frames()]
    assert all(np.array_equal(first, other) for other in others)
    alive = replace(scene, layers=(replace(person, is_frozen=False),))
    first, other, *_ = [picture for picture, _ in alive.frames()]
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("kind", KINDS)
def test_a_thing_changes_the_picture_and_adds_no_face(kind: str) -> None:
    with_it, without = (
        Scene("thing", layers, noise=0) for layers in ((Prop(kind, still(640, 300, 120)),), ())
    )
    picture, faces = first_frame(with_it)
    assert not faces
    box = np.s_[240:360, 580:700]
    assert (picture[box] != first_frame(without)[0][box]).mean() > 0.15


@pytest.mark.parametrize("name", ["hidden_by_person", "hidden_by_board"])
def test_face_is_hidden_for_up_to_a_second(name: str) -> None:
    scene = replace(SCENES[name], noise=0)
    every = 3
    hidden = sum(not faces[0].is_visible for _, faces in scene.frames(every))
    assert 650 <= hidden * every * 40 <= 1000


def test_a_scene_can_be_the_camera_of_the_loop() -> None:
    scene = Scene("camera", (Person(1, still(640, 300, 150)),), duration_ms=200)
    camera, recorder = SceneCamera(scene), Recorder()
    assert run_loop_on(camera, make_vision(), recorder).frames == 5
    assert [len(faces) for faces in camera.faces] == [1] * 5
    x, y, width, height = recorder.shown[4][0].box
    assert iou((x * 1280, y * 720, width * 1280, height * 720), camera.faces[4][0].box) > 0.7


def test_room_goes_on_beside_the_frame_without_a_seam() -> None:
    size = (320, 180)
    panorama = np.asarray(paint_panorama(size, margin_px=4, reach_px=400, seed=1)).astype(int)
    assert panorama.shape == (188, 728, 3)
    steps = np.abs(np.diff(panorama, axis=1)).mean(axis=(0, 2))
    assert steps[327] == 0  # where the second, mirrored room begins
    assert steps[655] == 0


def test_scenes_of_the_measurements_are_complete() -> None:
    layers = [layer for scene in SCENES.values() for layer in scene.layers]
    kinds = {layer.kind for layer in layers if isinstance(layer, Prop)}
    assert kinds <= set(KINDS)
    assert set(SPEED_SCENES) <= set(SCENES)
    assert len(SIZE_SCENES) == 18
    assert not SCENES["things"].people
    assert not SCENES["backs_of_heads"].people
    assert not SCENES["empty"].people


def test_video_is_made_once_and_again_when_the_scene_changes(tmp_path: Path) -> None:
    scene = Scene("A short one", (Person(0, still(160, 90, 40)),), 120, size=(320, 180))
    path, truth = scene_video(scene, tmp_path)
    first = path.stat().st_mtime_ns
    again, stored = scene_video(scene, tmp_path)
    assert (again, stored) == (path, truth)
    assert path.stat().st_mtime_ns == first
    _, other = scene_video(replace(scene, duration_ms=80), tmp_path)
    assert len(other) == 2
    assert path.stat().st_mtime_ns > first
