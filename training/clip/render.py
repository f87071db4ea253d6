"""Render the bundled clip and its ground truth: ``python -m training.clip.render``.

The same generator and seed give the same frames. libx264 encodes them on one thread.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from training.clip.canvas import FACE_AT, UNIT_PX
from training.clip.faces import GENERATOR, FaceGenerator, FloatArray
from training.clip.frames import CLIP
from training.clip.portrait import StillLife, paint_portrait, paint_still_life
from training.clip.scene import paint_room
from training.clip.storyboard import (
    DURATION_MS,
    FRAME_RATE,
    HEIGHT_PX,
    PEOPLE,
    WIDTH_PX,
    Person,
    Pose,
    frame_times_ms,
    pose_at,
    present_from_ms,
    smile_share,
    visible_from_ms,
)
from training.command_line import run_command
from training.errors import TrainingError
from training.workspace import display_path, sha256_of_file, write_json

SEED = 11
EYES_UNITS = (FACE_AT[0] + 32.0, FACE_AT[1] + 16.0)  # the middle between the eyes on the canvas
LIVELINESS = 0.12  # of the slow drift through the latent space, in standard deviations
CONSTANT_RATE_FACTOR = 26  # x264: lower is better and larger
# One in twenty of 300 real pictures resembles some other real picture more than this.
LARGEST_LIKENESS = 0.85
COMMAND = "python -m training.clip.render"


def generate_faces(
    generator: FaceGenerator, person: Person, rng: np.random.Generator
) -> FloatArray:
    """Return the grey face of `person` in every frame, float32 (N, 64, 64).

    The faces also drift a little through the latent space, across the smile direction, so that
    they do not look frozen.
    """
    times = np.array(frame_times_ms(), np.float32)
    share = np.array([smile_share(person.smiles_ms, t) for t in times], np.float32)
    strength = person.neutral + (person.smile - person.neutral) * share
    along = generator.smile_direction / np.linalg.norm(generator.smile_direction)
    latents = generator.people[person.latent] + strength[:, None] * generator.smile_direction
    for period_s in (3.7, 5.9, 8.3):
        direction = rng.normal(0, 1, len(along)).astype(np.float32)
        direction -= (direction @ along) * along
        wave = np.sin(2 * np.pi * (times / 1000 / period_s + rng.random()))
        latents = latents + LIVELINESS * wave[:, None] * direction
    return generator.decode(latents)


def place(portrait: Image.Image, pose: Pose, frame: Image.Image) -> None:
    """Paste a portrait into the frame with sub-pixel accuracy."""
    roll = np.deg2rad(pose.roll_deg)
    cos, sin = np.cos(roll) / pose.scale, np.sin(roll) / pose.scale
    eye_x, eye_y = EYES_UNITS[0] * UNIT_PX, EYES_UNITS[1] * UNIT_PX
    reach = int(max(portrait.size) * 0.75 * pose.scale)
    left = min(frame.width, max(0, int(pose.x_px) - reach))
    right = min(frame.width, max(0, int(pose.x_px) + reach))
    if left >= right:
        return
    dx, dy = left - pose.x_px, -pose.y_px
    affine = (cos, sin, eye_x + cos * dx + sin * dy, -sin, cos, eye_y - sin * dx + cos * dy)
    moved = portrait.transform(
        (right - left, frame.height), Image.Transform.AFFINE, affine, Image.Resampling.BICUBIC
    )
    frame.alpha_composite(moved, (left, 0))


def render_frames(generator: FaceGenerator) -> Iterator[Image.Image]:
    """Yield every frame of the clip, RGB."""
    rng = np.random.default_rng(SEED)
    room = paint_room(SEED).convert("RGBA")
    cast: list[tuple[Person, FloatArray, StillLife]] = []
    for person in PEOPLE:
        faces = generate_faces(generator, person, rng)
        cast.append((person, faces, paint_still_life(faces.mean(axis=0), person.look)))
    for index, t_ms in enumerate(frame_times_ms()):
        frame = room.copy()
        for person, faces, still in cast:
            place(paint_portrait(faces[index], still), pose_at(person, t_ms), frame)
        yield frame.convert("RGB")


def encode(frames: Iterator[Image.Image], path: Path) -> None:
    """Write frames as H.264 in MP4, with the index first, so that the clip also plays over HTTP."""
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FRAME_RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        stream.codec_context.thread_count = 1
        stream.codec_context.time_base = Fraction(1, FRAME_RATE)
        stream.options = {
            "crf": str(CONSTANT_RATE_FACTOR),
            "preset": "slow",
            "g": str(2 * FRAME_RATE),
        }
        for index, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")
            frame.pts = index
            container.mux(stream.encode(frame))
            if index % 50 == 0:
                print(f"{index / FRAME_RATE:.0f} s", end=" ", flush=True)
        container.mux(stream.encode(None))
    print()


def face_box(person: Person) -> list[int]:
    """Return [x, y, w, h] in pixels of the face when all of it is first visible."""
    pose = pose_at(person, present_from_ms(person))
    side = 64 * UNIT_PX * pose.scale
    return [round(pose.x_px - side / 2), round(pose.y_px - side * 0.25), round(side), round(side)]


def check_likeness(generator: FaceGenerator) -> None:
    """Raise TrainingError when a person resembles a training picture of the generator."""
    for person in PEOPLE:
        likeness = float(generator.likeness[person.latent])
        if likeness > LARGEST_LIKENESS:
            raise TrainingError(
                f"{person.name}: likeness to a real picture {likeness:.3f}, expected at most"
                f" {LARGEST_LIKENESS}: choose another latent in the storyboard"
            )


def ground_truth(clip: Path) -> dict[str, Any]:
    """Return the ground truth: who is in the clip and who smiles when."""
    episodes = [
        {"person": index, "start_ms": start, "end_ms": end}
        for index, person in enumerate(PEOPLE)
        for start, end in person.smiles_ms
    ]
    return {
        "clip": clip.name,
        "width": WIDTH_PX,
        "height": HEIGHT_PX,
        "frame_rate": FRAME_RATE,
        "duration_ms": DURATION_MS,
        "sha256": sha256_of_file(clip),
        "people": [
            {
                "name": person.name,
                "visible_ms": [visible_from_ms(person), DURATION_MS],
                "present_ms": [present_from_ms(person), DURATION_MS],
                "box": face_box(person),
            }
            for person in PEOPLE
        ],
        "episodes": sorted(episodes, key=lambda episode: episode["start_ms"]),
        "made_with": COMMAND,
    }


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Render the bundled clip and its ground truth.")
    parser.add_argument(
        "--faces", type=Path, default=GENERATOR, help="folder of the trained generator"
    )
    parser.add_argument(
        "--out", type=Path, default=CLIP.parent, help="folder for smiles.mp4 and smiles.json"
    )
    options = parser.parse_args(arguments)
    try:
        generator = FaceGenerator.load(options.faces)
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(
            f"no generator in {display_path(options.faces)}: run python -m"
            " training.clip.train_faces first"
        ) from error
    check_likeness(generator)
    options.out.mkdir(parents=True, exist_ok=True)
    clip = options.out / "smiles.mp4"
    encode(render_frames(generator), clip)
    write_json(clip.with_suffix(".json"), ground_truth(clip))
    print(f"{display_path(clip)}: {clip.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    run_command(main)
