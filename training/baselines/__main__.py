"""Train the baselines on the same split as the shipped model and write their metrics.

    python -m training.baselines [--photos FOLDER|ARCHIVE]

Reads build/training/crops.npz (`python -m training.prepare`) and writes metrics.json. Takes about
half an hour on 2 cores. An interrupted run continues after its last finished epoch.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.baselines.evaluate import BASELINE_METRICS, crop_metrics, to_float_tflite
from training.baselines.networks import BASELINES, DEEPLENS_CNN, Baseline
from training.baselines.photo_crops import PhotoCrops, crop_photos
from training.baselines.train import logits_of, train
from training.command_line import run_command
from training.data.crops import SMILESMILED, Crops
from training.data.photos import chosen_photos
from training.data.splits import Split
from training.evaluation.latency import model_times_ms
from training.evaluation.metric_summary import rounded
from training.evaluation.metrics import best_threshold, sigmoid
from training.evaluation.photo_metrics import PhotoScores, photo_score_metrics
from training.model.network import import_keras
from training.workspace import CROPS, display_path, sha256_of_file, write_json

__all__ = ["main"]


def baseline_metrics(baseline: Baseline, crops: Crops, photos: PhotoCrops | None) -> dict[str, Any]:
    """Train one baseline and return its part of metrics.json."""
    train_set, validation_set, test_set = (crops.part(split) for split in Split)
    network, record = train(baseline, train_set, validation_set)

    def scores_of(pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
        return sigmoid(logits_of(baseline, network, pictures))

    threshold = best_threshold(scores_of(validation_set.grey), validation_set.smile)
    content = to_float_tflite(network)
    best_ms, median_ms, _ = model_times_ms(content)
    metrics: dict[str, Any] = {
        "title": baseline.title,
        "origin": baseline.origin,
        "input": [baseline.side_px, baseline.side_px, baseline.channels],
        "parameters": int(network.count_params()),
        "float_tflite_bytes": len(content),
        "float_tflite_latency": {"best_ms": best_ms, "median_ms": median_ms},
        **record,
        "threshold": rounded(threshold),
        **crop_metrics(scores_of(test_set.grey), test_set, threshold),
    }
    if photos is not None:
        scored = PhotoScores(photos.name, photos.smile, scores_of(photos.crop), photos.found)
        metrics["photos"] = photo_score_metrics(scored, threshold)
    if photos is not None and baseline is DEEPLENS_CNN:
        all_photos = np.full(len(photos.smile), fill_value=True)
        scored = PhotoScores(photos.name, photos.smile, scores_of(photos.frame), all_photos)
        metrics["whole_frames"] = photo_score_metrics(scored, threshold)
    return metrics


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.baselines",
        description="Train the networks that others use for smiles, and write their metrics.",
    )
    parser.add_argument("--photos", help="folder or archive with labels.csv (path,smile), or none")
    options = parser.parse_args(arguments)
    crops = Crops.load(CROPS).of(SMILESMILED)
    import_keras()
    archive = chosen_photos(options.photos)
    photos = crop_photos(archive) if archive else None
    if photos is None:
        print("no photos: the metrics are those of the test set only")
    baselines = {baseline.name: baseline_metrics(baseline, crops, photos) for baseline in BASELINES}
    write_json(
        BASELINE_METRICS,
        {
            "command": "python -m training.baselines",
            "labels": "the data set's own, as the originals use them",
            "pictures": {split.value: len(crops.part(split)) for split in Split},
            "photos_sha256": (
                sha256_of_file(Path(archive)) if archive and Path(archive).is_file() else None
            ),
            "baselines": baselines,
        },
    )
    for metrics in baselines.values():
        test = metrics["test"]
        print(f"{metrics['title']}: test accuracy {test['accuracy']}, AUC {test['auc']}")
    print(f"metrics in {display_path(BASELINE_METRICS)}")


if __name__ == "__main__":
    run_command(main)
