"""Train a baseline. A run that was interrupted continues after its last finished epoch."""

from __future__ import annotations

import csv
import hashlib
import math
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.baselines.networks import Baseline
from training.data.crops import Crops
from training.evaluation.metric_summary import rounded
from training.model.network import import_keras
from training.workspace import WORK

__all__ = ["RUNS", "logits_of", "network_input", "train"]

RUNS = WORK / "baselines"
_SEED = 1
_SHUFFLED = 10_000
_BATCH = 128  # of predictions
_METRICS = {  # as Keras logs them, and as metrics.json names them
    "loss": "loss",
    "val_loss": "validation_loss",
    "val_accuracy": "validation_accuracy",
    "val_auc": "validation_auc",
}


def network_input(baseline: Baseline, pictures: Any) -> Any:
    """Resize and scale pictures to what the network takes.

    Parameters
    ----------
    baseline
        Says which size and how many channels.
    pictures
        uint8 (N, H, W) grey or (N, H, W, 3).

    Returns
    -------
    Tensor
        float32 (N, side, side, channels) in [0, 1].
    """
    import tensorflow as tf  # noqa: PLC0415 - takes seconds, after import_keras has silenced it

    if len(pictures.shape) == 3:  # noqa: PLR2004 - grey, no channels yet
        pictures = pictures[..., None]
    side = baseline.side_px
    images = tf.image.resize(tf.cast(pictures, tf.float32) / 255, (side, side), antialias=True)
    return tf.repeat(images, baseline.channels // images.shape[-1], axis=-1)


def logits_of(baseline: Baseline, network: Any, pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the network's logits, float64 (N,), for uint8 (N, H, W) or (N, H, W, 3)."""
    parts = [
        network(network_input(baseline, pictures[start : start + _BATCH]), training=False)
        for start in range(0, len(pictures), _BATCH)
    ]
    return np.concatenate(parts)[:, 0].astype(np.float64)


def train(
    baseline: Baseline, train_set: Crops, validation_set: Crops
) -> tuple[Any, dict[str, Any]]:
    """Train the network on the data set's own labels, as the original does.

    Parameters
    ----------
    baseline
        What to train, and how long.
    train_set, validation_set
        The weights of the epoch with the best validation accuracy are kept.

    Returns
    -------
    tuple[Any, dict[str, Any]]
        The Keras model; its settings and history, ready for metrics.json.
    """
    keras = import_keras()
    digest = hashlib.sha256(train_set.grey.tobytes() + train_set.smile.tobytes()).hexdigest()
    plan = {
        "epochs": baseline.epochs,
        "batch": baseline.batch,
        "learning_rate": baseline.learning_rate,
        "training_pictures": len(train_set),
        "training_sha256": digest,
    }
    # Other data or settings use another folder, so that no run continues a different one.
    run = hashlib.sha256(repr(plan).encode()).hexdigest()[:8]
    folder = RUNS / f"{baseline.name}-{run}"
    folder.mkdir(parents=True, exist_ok=True)
    if len(_history(folder)) < baseline.epochs:
        _fit(baseline, train_set, validation_set, folder)
    history = _history(folder)
    best = max(history, key=lambda line: line["validation_accuracy"])
    record = {**plan, "history": history, "best_epoch": best["epoch"]}
    return keras.models.load_model(folder / "best.keras"), record


def _fit(baseline: Baseline, train_set: Crops, validation_set: Crops, folder: Path) -> None:
    keras = import_keras()
    keras.utils.set_random_seed(_SEED)
    network = baseline.build()
    network.compile(
        keras.optimizers.Adam(baseline.learning_rate),
        keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[
            keras.metrics.BinaryAccuracy("accuracy", threshold=0.0),
            keras.metrics.AUC(name="auc", from_logits=True),
        ],
    )

    def cosine(epoch: int) -> float:
        return baseline.learning_rate * (1 + math.cos(math.pi * epoch / baseline.epochs)) / 2

    accuracies = [line["validation_accuracy"] for line in _history(folder)]
    network.fit(
        _batches(baseline, train_set, shuffled=True),
        validation_data=_batches(baseline, validation_set),
        epochs=baseline.epochs,
        verbose=2,
        shuffle=False,  # `_batches` shuffles
        callbacks=[
            keras.callbacks.LearningRateScheduler(cosine),
            keras.callbacks.ModelCheckpoint(
                str(folder / "best.keras"),
                monitor="val_accuracy",
                mode="max",
                save_best_only=True,
                initial_value_threshold=max(accuracies, default=None),
            ),
            keras.callbacks.CSVLogger(str(folder / "history.csv"), append=True),
            keras.callbacks.BackupAndRestore(str(folder / "backup"), double_checkpoint=True),
        ],
    )


def _batches(baseline: Baseline, crops: Crops, *, shuffled: bool = False) -> Any:
    import tensorflow as tf  # noqa: PLC0415

    pairs = tf.data.Dataset.from_tensor_slices((crops.grey, crops.smile.astype(np.float32)))
    if shuffled:
        pairs = pairs.shuffle(_SHUFFLED, seed=_SEED)
    take = partial(network_input, baseline)
    return pairs.batch(baseline.batch).map(lambda grey, label: (take(grey), label)).prefetch(2)


def _history(folder: Path) -> list[dict[str, Any]]:
    """Return the finished epochs. One that was interrupted while it was logged counts once."""
    path = folder / "history.csv"
    if not path.exists():
        return []
    with path.open(newline="") as file:
        epochs = {int(row["epoch"]): row for row in csv.DictReader(file)}
    return [
        {"epoch": epoch + 1}
        | {ours: rounded(float(row[theirs])) for theirs, ours in _METRICS.items()}
        for epoch, row in sorted(epochs.items())
    ]
