"""Scenes as MP4 files with their ground truth, made once and kept in ``build/bench/scenes/``."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.video.stream import VideoStream

from bench.scenes.scene import FRAME_RATE, Face, Scene
from training.clip.frames import CLIP

__all__ = ["FOLDER", "scene_video", "write_scene"]

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "bench" / "scenes"
_CODEC = "libx264"
_OPTIONS = {"crf": "21", "preset": "veryfast", "g": str(2 * FRAME_RATE)}


def write_scene(scene: Scene, path: Path) -> list[list[Face]]:
    """Encode a scene as H.264 in MP4; return the faces of each frame."""
    truth = []
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = cast(VideoStream, container.add_stream(_CODEC, rate=FRAME_RATE))
        stream.width, stream.height = scene.size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1  # more give other bytes
        stream.codec_context.time_base = Fraction(1, FRAME_RATE)
        stream.options = dict(_OPTIONS)
        for index, (pixels, faces) in enumerate(scene.frames()):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = index
            container.mux(stream.encode(frame))
            truth.append(faces)
        container.mux(stream.encode(None))
    return truth


def scene_video(scene: Scene, folder: Path = FOLDER) -> tuple[Path, list[list[Face]]]:
    """Return the file of a scene and the faces of each frame; write them if they are not there.

    A file made by other code or from another clip is written again.
    """
    name = re.sub(r"[^a-z0-9]+", "_", scene.name.lower()).strip("_")
    path, notes = folder / f"{name}.mp4", folder / f"{name}.json"
    made_from = _fingerprint(scene)
    if path.exists() and notes.exists():
        stored = json.loads(notes.read_text("utf-8"))
        if stored["made_from"] == made_from:
            return path, [[_face(values) for values in faces] for faces in stored["frames"]]
    folder.mkdir(parents=True, exist_ok=True)
    notes.unlink(missing_ok=True)
    truth = write_scene(scene, path)
    frames = [[asdict(face) for face in faces] for faces in truth]
    notes.write_text(json.dumps({"made_from": made_from, "frames": frames}), encoding="utf-8")
    return path, truth


def _face(values: dict[str, object]) -> Face:
    values["box"] = tuple(values["box"])  # type: ignore[arg-type]
    return Face(**values)  # type: ignore[arg-type]


def _fingerprint(scene: Scene) -> str:
    """Return a hash of the scene and of what its frames are made from."""
    digest = hashlib.sha256(repr((scene, _CODEC, _OPTIONS)).encode())
    code = sorted(Path(__file__).parent.glob("*.py"))
    for path in [*(path for path in code if path.stem != "catalog"), CLIP]:
        digest.update(path.read_bytes())
    return digest.hexdigest()
