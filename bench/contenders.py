"""The programs that ``make bench`` compares, each a process in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from bench.scenes.video import ROOT

__all__ = ["CONTENDERS", "DEVICE", "STAGES", "VISION", "Contender", "Process"]

DEVICE, STAGES = "device", "bare stages"


@dataclass(frozen=True, slots=True)
class Contender:
    """A program to measure.

    Attributes
    ----------
    name : str
        Head of its column.
    environment : str
        Folder of its virtual environment.
    command : tuple of str
        Module and arguments for Python.
    frames, rounds : int or None
        Limits for slow programs.
    """

    name: str
    environment: str
    command: tuple[str, ...]
    frames: int | None = None
    rounds: int | None = None

    @property
    def problem(self) -> str | None:
        """Why it cannot run, or None."""
        folder = ROOT / self.environment
        if (folder / ".done").exists():
            return None
        log = folder / "install.log"
        lines = log.read_text("utf-8").splitlines() if log.exists() else []
        reasons = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR")]
        return reasons[-1][:200] if reasons else "not installed: run make bench"


CONTENDERS = (
    Contender(DEVICE, ".venv-bench", ("bench.edge.contender", "loop")),
    Contender(STAGES, ".venv-bench", ("bench.edge.contender", "stages")),
    Contender("MediaPipe FaceMesh", ".venv-bench-mediapipe", ("bench.peers.mediapipe_face_mesh",)),
    Contender("OpenCV Haar", ".venv-bench-haar", ("bench.peers.haar",), frames=40, rounds=3),
)
VISION = Contender("smile_vision", ".venv-bench", ("bench.vision.contender",))


class Process:
    """A running contender."""

    def __init__(self, contender: Contender) -> None:
        self._name = contender.name
        self._process = subprocess.Popen(
            [ROOT / contender.environment / "bin" / "python", "-m", *contender.command],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        self.versions: str = self._answer()["versions"]

    def play(self, path: Path, frames: int) -> dict[str, float]:
        """Run it on the first frames of a file; return its numbers."""
        requests = cast("IO[str]", self._process.stdin)
        requests.write(json.dumps({"path": str(path), "frames": frames}) + "\n")
        requests.flush()
        return self._answer()

    def close(self) -> None:
        """End it."""
        self._process.communicate()

    def _answer(self) -> dict[str, Any]:
        line = cast("IO[str]", self._process.stdout).readline()
        if not line:
            raise RuntimeError(f"{self._name} ended with exit code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer
