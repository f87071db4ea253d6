"""The device as a contender of ``make bench``: ``loop`` as it runs, or its bare ``stages``."""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from bench.edge.run_loop import make_vision, run_loop
from bench.edge.stages import measure
from bench.report import versions
from bench.worker import serve

_vision = make_vision()


def play_loop(path: str, frames: int) -> dict[str, float]:
    """Run the loop; return the counts of frames and smiles."""
    run = run_loop(Path(path), _vision, max_frames=frames)
    return {"frames": run.frames, "smiles": len(run.smiles)}


def play_stages(path: str, frames: int) -> dict[str, float]:
    """Run the stages without the loop; return the mean time of each, ms."""
    times = measure(Path(path), _vision, max_frames=frames).times_ms
    return {"frames": len(times["faces"])} | {
        name: statistics.mean(values) for name, values in times.items()
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=("loop", "stages"))
    is_loop = parser.parse_args().part == "loop"
    serve(play_loop if is_loop else play_stages, versions("ai-edge-litert", "av", "numpy"))
