"""Section: agreement of the interpreters and of int8 with float, latency, file size."""

from __future__ import annotations

import json
import os
import platform
import subprocess

import numpy as np

from smile_vision.faces.detector import FaceDetector
from smile_vision.smiles.crop import crop_face
from training.clip.frames import decode, rgb_of
from training.evaluation.interpreters import OLDER_PYTHON, tflite_runtime_logits
from training.evaluation.latency import classifier_times_ms, times_ms
from training.evaluation.metrics import sigmoid
from training.evaluation.predict import int8_logits
from training.evaluation.synthetic_faces import synthetic_faces
from training.report.charts import bar_chart
from training.report.formatting import number_of
from training.report.inputs import TEST, ReportInputs
from training.report.page import Chart, Missing, Part, Section, Table
from training.workspace import MODEL, REPOSITORY

__all__ = ["section"]

_TIME_ON_OLDER = (
    "import json; from training.evaluation.latency import classifier_times_ms;"
    " print(json.dumps(classifier_times_ms()))"
)
_DETECTOR_RUNS = 60
_TIMEOUT_S = 120


def section(inputs: ReportInputs) -> Section:
    """Return the section."""
    agreement = [_int8_and_float(inputs)]
    latencies = _latencies_ms()
    missing: list[Part] = []
    if OLDER_PYTHON.exists():
        agreement.insert(0, _interpreters(inputs))
        latencies["classify a face, tflite-runtime"] = _latency_on_older_ms()
    else:
        missing.append(Missing("the older interpreter, tflite-runtime. `make test` installs it."))
    parts: list[Part] = [
        Table(
            "Agreement of the predictions",
            ("compared", "same prediction", "mean score difference", "largest score difference"),
            agreement,
        ),
        *missing,
        Table(
            "Latency in milliseconds on one thread of this machine"
            f" ({os.cpu_count()} processors, {platform.machine()}), with preprocessing. The best"
            " value shows what the machine can do; the others include its other work.",
            ("step", "best", "median", "95th percentile"),
            [(step, *(f"{ms:.3f}" for ms in times)) for step, times in latencies.items()],
        ),
        _size_chart(inputs),
    ]
    return Section("speed", "Interpreters, latency and size", parts)


def _int8_and_float(inputs: ReportInputs) -> tuple[str, ...]:
    recorded = inputs.metrics["int8_and_float"]
    return (
        "int8 and float network, test set (recorded)",
        number_of(recorded["same_prediction"], recorded["pictures"]),
        f"{recorded['mean_score_difference']:.4f}",
        "not recorded",
    )


def _interpreters(inputs: ReportInputs) -> tuple[str, ...]:
    crops, name = synthetic_faces(), "synthetic faces"
    if TEST in inputs.predictions:
        crops, name = inputs.predictions[TEST].crops, "test set"
    calibration = inputs.model_card["calibration"]
    newer, older = (
        sigmoid(calibration["scale"] * logits + calibration["bias"])
        for logits in (int8_logits(MODEL, crops), tflite_runtime_logits(crops))
    )
    same = int(((newer >= inputs.threshold) == (older >= inputs.threshold)).sum())
    differences = np.abs(newer - older)
    return (
        f"LiteRT and tflite-runtime, {name}",
        number_of(same, len(crops)),
        f"{differences.mean():.4f}",
        f"{differences.max():.4f}",
    )


def _latencies_ms() -> dict[str, list[float]]:
    _, frame = next(decode())
    rgb = rgb_of(frame)
    grey = np.ascontiguousarray(rgb[..., 1])
    detector = FaceDetector.load()
    keypoints = detector.detect(rgb)[0].keypoints
    return {
        "find faces in a 720p frame": times_ms(lambda: detector.detect(rgb), _DETECTOR_RUNS),
        "cut out a face": times_ms(lambda: crop_face(grey, keypoints)),
        "classify a face, LiteRT": classifier_times_ms(),
    }


def _latency_on_older_ms() -> list[float]:
    vision = REPOSITORY / "layers" / "smile_vision" / "python"
    result = subprocess.run(
        [OLDER_PYTHON, "-c", _TIME_ON_OLDER],
        env=os.environ | {"PYTHONPATH": f"{REPOSITORY}{os.pathsep}{vision}"},
        capture_output=True,
        check=True,
        timeout=_TIMEOUT_S,
    )
    return list(json.loads(result.stdout))


def _size_chart(inputs: ReportInputs) -> Chart:
    baselines = (inputs.baselines or {"baselines": {}})["baselines"].values()
    sizes = {"shipped model, int8": MODEL.stat().st_size} | {
        f"{one['title']}, float": one["float_tflite_bytes"] for one in baselines
    }
    words = "; ".join(f"{name} {size:,} bytes" for name, size in sizes.items())
    return bar_chart(
        "size",
        list(sizes),
        {"size": [size / 1000 for size in sizes.values()]},
        unit="size of the file, KB (logarithmic)",
        alt=f"Bars of the file sizes: {words}.",
        caption=f"Size of the model files: {words}.",
        logarithmic=True,
    )
