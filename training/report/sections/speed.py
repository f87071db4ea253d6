"""Section: float against int8, the two interpreters, time and size."""

from __future__ import annotations

import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from smile_vision.errors import VisionError
from smile_vision.faces.detector import FaceDetector
from smile_vision.interpreter import load_interpreter
from smile_vision.smiles.classifier import SmileClassifier
from smile_vision.smiles.crop import crop_face
from smile_vision.smiles.preprocess import preprocess
from training.evaluation.metrics import sigmoid
from training.model.network import load_network
from training.report.chart import BLUE, GREY, draw_chart
from training.report.formatting import of_total
from training.report.inputs import Facts
from training.report.page import Chart, Missing, Part, Section, Table
from training.workspace import QUANTIZED, REPOSITORY, TRAINED, sha256_of_file

__all__ = ["clip_crops", "section", "time_ms"]

OLDER = REPOSITORY / ".venv-tflite" / "bin" / "python"
CLIP = REPOSITORY / "local" / "clip" / "smiles.mp4"
_LAYER = REPOSITORY / "layers" / "smile_vision" / "python"
_FRAME_STEP = 75
_RUNS = 300
_KIB = 1024
_OLDER_JUDGE = """
import sys, time
import numpy as np
from smile_vision.smiles.classifier import SmileClassifier
classifier, crops = SmileClassifier.load(), np.load(sys.argv[1])
logits, times = classifier.logits(crops), []
for _ in range(int(sys.argv[3])):
    started = time.perf_counter()
    classifier.smile_scores(crops[:1])
    times.append(1000 * (time.perf_counter() - started))
np.savez(sys.argv[2], logits=logits, times=times[1:])
"""

Logits = NDArray[np.float64]


def section(facts: Facts) -> Section:
    """Return the section."""
    crops = clip_crops() if facts.held_out is None else facts.held_out.crops
    whose = "faces of the bundled clip" if facts.held_out is None else "held-out crops"
    classifier = SmileClassifier.load()
    newer = classifier.logits(crops).astype(np.float64)
    step = float(load_interpreter(facts.model).get_output_details()[0]["quantization"][0])
    older = _on_older_interpreter(crops)
    rows = []
    if older is not None:
        rows.append(
            ("int8, LiteRT against tflite-runtime", *_agreement(facts, newer, older[0], step))
        )
    taught = _float_logits(facts, crops)
    if taught is not None:
        rows.append(("int8 against the float network", *_agreement(facts, newer, taught, step)))
    header = ("compared", "same verdict", "largest logit difference", "mean score difference")
    parts: list[Part] = []
    if rows:
        caption = f"Run now on {len(crops):,} {whose}; one quantisation step is {step:.4f}"
        parts.append(Table(caption, header, rows))
    if taught is None:
        parts.append(_recorded_float(facts))
    if older is None:
        parts.append(Missing("tflite-runtime, the older interpreter; `make test` installs it."))
    parts += [_latency(classifier, crops, older[1] if older else None), _size(facts)]
    return Section("speed", "Float and int8, time and size", parts)


def clip_crops() -> NDArray[np.uint8]:
    """Return the faces of the bundled clip of synthetic people, uint8 (N, 64, 64)."""
    detector, crops = FaceDetector.load(), []
    with av.open(str(CLIP)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index % _FRAME_STEP == 0:
                grey = np.asarray(frame.to_ndarray(format="gray"), dtype=np.uint8)
                rgb = np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
                faces = detector.detect(rgb)
                crops += [crop_face(grey, face.keypoints) for face in faces]
    return np.stack(crops)


def _on_older_interpreter(crops: NDArray[np.uint8]) -> tuple[Logits, NDArray[np.float64]] | None:
    """Return logits and times in ms on tflite-runtime; None where it is not installed."""
    if not OLDER.exists():
        return None
    with tempfile.TemporaryDirectory() as folder:
        given, answer = Path(folder) / "crops.npy", Path(folder) / "answer.npz"
        np.save(given, crops)
        command = [str(OLDER), "-c", _OLDER_JUDGE, str(given), str(answer), str(_RUNS)]
        environment = os.environ | {"PYTHONPATH": str(_LAYER)}
        try:
            subprocess.run(command, env=environment, check=True, capture_output=True, timeout=120)
        except (OSError, subprocess.SubprocessError):
            return None
        with np.load(answer) as content:
            return content["logits"].astype(np.float64), content["times"]


def _float_logits(facts: Facts, crops: NDArray[np.uint8]) -> Logits | None:
    """Return the logits of the float network, if the shipped file was made of it here."""
    if not (TRAINED.exists() and QUANTIZED.exists()):
        return None
    if sha256_of_file(QUANTIZED) != facts.card["sha256"]:
        return None
    network = load_network(TRAINED, made_by="python -m training.train")
    answers: Logits = network.predict(preprocess(crops), batch_size=256, verbose=0)[:, 0]
    return answers.astype(np.float64)


def _agreement(facts: Facts, ours: Logits, theirs: Logits, step: float) -> tuple[str, str, str]:
    calibration = facts.card["calibration"]
    scale, bias = calibration["scale"], calibration["bias"]
    scores = [sigmoid(scale * logits + bias) for logits in (ours, theirs)]
    verdicts = [one >= facts.threshold for one in scores]
    same = int((verdicts[0] == verdicts[1]).sum())
    largest = float(np.abs(ours - theirs).max())
    return (
        f"{of_total(same, len(ours))} ({same / len(ours):.2%})",
        f"{largest:.4f} ({largest / step:.1f} steps)",
        f"{float(np.abs(scores[0] - scores[1]).mean()):.5f}",
    )


def _recorded_float(facts: Facts) -> Part:
    recorded = facts.metrics.get("int8_and_float")
    if not recorded:
        return Missing("the float network: the shipped file was not trained here.")
    return (
        "The float network is not here. When the shipped file was made, both gave the same verdict"
        f" on {of_total(recorded['same_prediction'], recorded['pictures'])} held-out pictures"
        " (training/results/metrics.json)."
    )


def time_ms(step: Callable[[], object], runs: int = _RUNS) -> NDArray[np.float64]:
    """Return the milliseconds of each run but the first, float64 (runs - 1,)."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        step()
        times.append(1000 * (time.perf_counter() - started))
    return np.array(times[1:])


def _latency(
    classifier: SmileClassifier, crops: NDArray[np.uint8], older: NDArray[np.float64] | None
) -> Table:
    one = crops[:1]
    frame = _first_frame()
    detector = FaceDetector.load()
    faces = detector.detect(frame)
    grey = np.ascontiguousarray(frame[..., 1])
    steps: list[tuple[str, NDArray[np.float64]]] = [
        ("find faces in a 720p frame", time_ms(lambda: detector.detect(frame), 60)),
    ]
    if faces:
        points = faces[0].keypoints
        steps.append(("cut out a face", time_ms(lambda: crop_face(grey, points))))
    steps.append(("judge a face, LiteRT", time_ms(lambda: classifier.smile_scores(one))))
    if older is not None:
        steps.append(("judge a face, tflite-runtime", older))
    rows = [
        (name, *(f"{value:.3f}" for value in np.percentile(times, [0, 50, 95])))
        for name, times in steps
    ]
    return Table(
        f"Milliseconds on one thread, run now on this machine ({os.cpu_count()} processors,"
        f" {platform.machine()}); preprocessing included. The best is what the machine can do, the"
        " others what it did beside everything else",
        ("step", "best", "median", "95th percentile"),
        rows,
    )


def _first_frame() -> NDArray[np.uint8]:
    try:
        with av.open(str(CLIP)) as container:
            frame = next(container.decode(video=0))
            return np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
    except (OSError, StopIteration) as error:
        raise VisionError("the bundled clip cannot be read") from error


def _size(facts: Facts) -> Chart:
    sizes = {"shipped, int8": facts.model.stat().st_size}
    for figures in (facts.baselines or {}).get("baselines", {}).values():
        sizes[f"{figures['title']}, float"] = figures["float_tflite_bytes"]

    def draw(axes: Any) -> None:
        names = list(sizes)
        colours = [BLUE, *[GREY] * (len(names) - 1)]
        axes.barh(names, [sizes[name] / _KIB for name in names], color=colours)
        for place, name in enumerate(names):
            axes.text(sizes[name] / _KIB, place, f" {sizes[name] / _KIB:,.0f}", va="center")
        axes.set_xscale("log")
        axes.set_xlim(10, 6 * max(sizes.values()) / _KIB)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("file size, KiB (logarithmic)")

    words = ", ".join(f"{name} {size:,} bytes" for name, size in sizes.items())
    return draw_chart(
        "size", draw, alt=f"Bars of file sizes: {words}.", caption=f"Size: {words}.",
        size_inch=(5.6, 2.6),
    )  # fmt: skip
