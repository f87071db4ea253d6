"""Teaches a baseline; goes on from the last finished epoch after an interruption."""

from __future__ import annotations

import hashlib
import math
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.baselines.networks import Baseline
from training.data.crops import Crops
from training.evaluation.metric_summary import rounded
from training.evaluation.metrics import accuracy_at, area_under_curve, sigmoid
from training.model.network import import_keras, load_network
from training.workspace import WORK, read_json, write_json

__all__ = ["RUNS", "learn", "logits_of", "take_in"]

RUNS = WORK / "baselines"
SEED = 1
_SHUFFLED = 10_000
_ANEW = "python -m training.baselines --fresh"


def take_in(baseline: Baseline, pictures: Any) -> Any:
    """Turn pictures into what the network sees: resized, 0 to 1.

    Parameters
    ----------
    baseline
        Says which size and how many channels.
    pictures
        uint8 (N, H, W) grey or (N, H, W, 3).

    Returns
    -------
    Tensor
        float32 (N, side, side, channels).
    """
    import tensorflow as tf  # noqa: PLC0415 - takes seconds, after import_keras has silenced it

    if len(pictures.shape) == 3:  # noqa: PLR2004 - grey, no channels yet
        pictures = pictures[..., None]
    side = baseline.side_px
    images = tf.image.resize(tf.cast(pictures, tf.float32) / 255, (side, side), antialias=True)
    if images.shape[-1] == 1 and baseline.channels > 1:
        return tf.repeat(images, baseline.channels, axis=-1)
    return images


def logits_of(baseline: Baseline, network: Any, pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the network's logits, float64 (N,), of uint8 (N, H, W) or (N, H, W, 3)."""
    parts = [
        network(take_in(baseline, pictures[start : start + 128]), training=False).numpy()[:, 0]
        for start in range(0, len(pictures), 128)
    ]
    return np.concatenate(parts).astype(np.float64)


def learn(
    baseline: Baseline, learners: Crops, deciders: Crops, *, fresh: bool
) -> tuple[Any, dict[str, Any]]:
    """Teach the network the data's own labels, as its tutorial does.

    Parameters
    ----------
    baseline
        What to teach, and how long.
    learners, deciders
        Training and validation people; the epoch with the best validation accuracy is kept.
    fresh
        Forget an unfinished run.

    Returns
    -------
    tuple[Any, dict[str, Any]]
        The Keras model; epochs, seconds and the history, ready for metrics.json.
    """
    keras = import_keras()
    folder = RUNS / baseline.name
    network, record = _go_on(baseline, learners, folder, fresh=fresh)
    for epoch in range(len(record["history"]), baseline.epochs):
        started = time.monotonic()
        keras.utils.set_random_seed(SEED + epoch)
        falling = (1 + math.cos(math.pi * epoch / baseline.epochs)) / 2
        network.optimizer.learning_rate = baseline.learning_rate * falling
        fitted = network.fit(_dataset(baseline, learners, epoch), verbose=0, shuffle=False).history
        scores = sigmoid(logits_of(baseline, network, deciders.grey))
        accuracy = accuracy_at(scores, deciders.smile, 0.5)
        record["history"].append(
            {
                "epoch": epoch + 1,
                "loss": rounded(fitted["loss"][0]),
                "validation_loss": rounded(_cross_entropy(scores, deciders.smile)),
                "validation_accuracy": rounded(accuracy),
                "validation_auc": rounded(area_under_curve(scores, deciders.smile)),
            }
        )
        record["seconds"] = round(record["seconds"] + time.monotonic() - started, 1)
        best = max(line["validation_accuracy"] for line in record["history"])
        if record["history"][-1]["validation_accuracy"] == best:
            record["best_epoch"] = epoch + 1
            _save(network, folder / "best.keras")
        _save(network, folder / "last.keras")
        write_json(folder / "record.json", record)
        print(f"{baseline.name}: {record['history'][-1]}, {record['seconds']} s", flush=True)
    return keras.models.load_model(folder / "best.keras"), record


def _dataset(baseline: Baseline, learners: Crops, epoch: int) -> Any:
    import tensorflow as tf  # noqa: PLC0415

    labels = learners.smile.astype(np.float32)
    pairs = tf.data.Dataset.from_tensor_slices((learners.grey, labels))
    batches = pairs.shuffle(_SHUFFLED, seed=SEED + epoch).batch(baseline.batch)
    return batches.map(lambda grey, label: (take_in(baseline, grey), label)).prefetch(2)


def _cross_entropy(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    likely = np.clip(np.where(labels, scores, 1 - scores), 1e-7, 1)
    return float(-np.log(likely).mean())


def _go_on(
    baseline: Baseline, learners: Crops, folder: Path, *, fresh: bool
) -> tuple[Any, dict[str, Any]]:
    keras = import_keras()
    plan = {
        "epochs": baseline.epochs,
        "batch": baseline.batch,
        "training_pictures": len(learners),
        "training_sha256": _fingerprint(learners),
    }
    last, state = folder / "last.keras", folder / "record.json"
    if not fresh and last.exists() and state.exists():
        record = read_json(state, made_by=_ANEW)
        if all(record.get(name) == value for name, value in plan.items()):
            return load_network(last, made_by=_ANEW), record
    keras.utils.set_random_seed(SEED)
    network = baseline.build()
    network.compile(
        keras.optimizers.Adam(baseline.learning_rate),
        keras.losses.BinaryCrossentropy(from_logits=True),
    )
    return network, {**plan, "history": [], "seconds": 0.0, "best_epoch": 0}


def _fingerprint(learners: Crops) -> str:
    """Identify what is learned from, so that a changed split starts a new run."""
    return hashlib.sha256(learners.grey.tobytes() + learners.smile.tobytes()).hexdigest()


def _save(network: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name("part-" + path.name)
    network.save(half)
    os.replace(half, path)  # noqa: PTH105 - atomic: a kill leaves the old file or the new one
