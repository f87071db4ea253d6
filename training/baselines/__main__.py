"""Teach the baselines on the same split, judge them by the same code, write metrics.json.

    python -m training.baselines [--photos FOLDER|ARCHIVE] [--fresh]

Reads build/training/crops.npz (`python -m training.prepare`). Takes about half an hour on 2
cores, goes on from the last finished epoch, and keeps figures only, no weights.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.baselines.evaluate import (
    crop_metrics,
    measure,
    photo_score_metrics,
    to_float_tflite,
)
from training.baselines.networks import BASELINES, WHOLE_FRAME_NET, Baseline
from training.baselines.photo_crops import PhotoCrops, crop_photos
from training.baselines.train import learn, logits_of
from training.command_line import run_command
from training.data.crops import Crops
from training.data.photos import chosen_photos
from training.data.splits import Split
from training.evaluation.metric_summary import rounded
from training.evaluation.metrics import best_threshold, sigmoid
from training.model.network import import_keras
from training.workspace import CROPS, display_path, sha256_of_file, write_json

__all__ = ["BASELINE_METRICS", "main"]

BASELINE_METRICS = Path(__file__).parent / "metrics.json"


def judged(
    baseline: Baseline, crops: Crops, photos: PhotoCrops | None, fresh: bool
) -> dict[str, Any]:
    """Teach one baseline and return its part of metrics.json."""
    deciders, judges = crops.part(Split.VALIDATION), crops.part(Split.TEST)
    network, record = learn(baseline, crops.part(Split.TRAIN), deciders, fresh=fresh)
    seen = sigmoid(logits_of(baseline, network, deciders.grey))
    threshold = best_threshold(seen, deciders.smile)
    scores = sigmoid(logits_of(baseline, network, judges.grey))
    content = to_float_tflite(network, baseline)
    figures: dict[str, Any] = {
        "title": baseline.title,
        "origin": baseline.origin,
        "input": [baseline.side_px, baseline.side_px, baseline.channels],
        "parameters": int(network.count_params()),
        "float_tflite_bytes": len(content),
        "float_tflite_latency": measure(content),
        "learning_rate": baseline.learning_rate,
        **record,
        "threshold": rounded(threshold),
        **crop_metrics(scores, judges, threshold),
    }
    if photos is not None:
        found = sigmoid(logits_of(baseline, network, photos.crop))
        figures["photos"] = photo_score_metrics(found, photos.smile, photos.found, threshold)
    if photos is not None and baseline is WHOLE_FRAME_NET:
        frames = sigmoid(logits_of(baseline, network, photos.frame))
        every = photos.found | True
        figures["whole_frames"] = photo_score_metrics(frames, photos.smile, every, threshold)
    return figures


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the step from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.baselines",
        description="Teach and judge the networks that others use for smiles.",
    )
    parser.add_argument("--photos", help="folder or archive with labels.csv (path,smile), or none")
    parser.add_argument("--fresh", action="store_true", help="forget an unfinished run")
    options = parser.parse_args(arguments)
    crops = Crops.load(CROPS)
    import_keras()
    where = chosen_photos(options.photos)
    photos = crop_photos(where) if where else None
    if photos is None:
        print("no photos given: judged on held-out people only")
    metrics: dict[str, Any] = {
        "command": "python -m training.baselines",
        "labels": "the data's own, as the tutorials use them",
        "pictures": {split.value: len(crops.part(split)) for split in Split},
        "photos_sha256": sha256_of_file(Path(where)) if where and Path(where).is_file() else None,
        "baselines": {
            baseline.name: judged(baseline, crops, photos, options.fresh) for baseline in BASELINES
        },
    }
    write_json(BASELINE_METRICS, metrics)
    for name, figures in metrics["baselines"].items():
        print(f"{name}: test accuracy {figures['test']['accuracy']}, AUC {figures['test']['auc']}")
    print(f"figures in {display_path(BASELINE_METRICS)}")


if __name__ == "__main__":
    run_command(main)
