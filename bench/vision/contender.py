"""The stages of face detection and smile scoring as a contender of ``make bench``."""

from __future__ import annotations

import statistics

from bench.report import versions
from bench.vision.stages import make_stages, measure, synthetic_photo
from bench.worker import serve

_stages = make_stages(synthetic_photo())


def play(path: str, frames: int) -> dict[str, float]:  # noqa: ARG001 - it needs no video
    """Run each stage `frames` times on a synthetic photo; return the medians, ms."""
    times_ms = measure(_stages, frames)
    return {"frames": 1} | {name: statistics.median(times) for name, times in times_ms.items()}


if __name__ == "__main__":
    serve(play, versions("ai-edge-litert", "pillow", "numpy"))
