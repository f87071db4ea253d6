"""Synthetic rooms as a camera, for tests of the whole loop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import av

from bench.edge.run_loop import START
from bench.scenes.scene import Face, Scene
from edge_lambda.camera import Frame, FrameSource


class SceneCamera(FrameSource):
    """Shows a scene without encoding it, and keeps the truth of each frame in `faces`."""

    damaged_frames = 0

    def __init__(self, scene: Scene, every: int = 1) -> None:
        self._scene = scene
        self._every = every
        self._now_ms = 0.0
        self.duration_ms = float(scene.duration_ms)
        self.faces: list[list[Face]] = []

    def frames(self) -> Iterator[Frame | None]:
        times_ms = self._scene.times_ms[:: self._every]
        for index, (pixels, faces) in enumerate(self._scene.frames(self._every)):
            self._now_ms = times_ms[index]
            self.faces.append(faces)
            picture = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")
            yield Frame(index, self._now_ms, picture)

    def now_ms(self) -> float:
        return self._now_ms

    def time_at(self, position_ms: float) -> datetime:
        return START + timedelta(milliseconds=position_ms)

    def close(self) -> None: ...
