"""Step 2: teach the network. Goes on from the last finished epoch after an interruption.

    python -m training.train [--epochs N] [--seed N] [--fresh]

Reads build/training/crops.npz, writes build/training/run/. Takes about 8 min on 2 cores.
"""
# ruff: noqa: T201 - this is a command; its output is for the person who runs it

from __future__ import annotations

import argparse
import hashlib
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.preprocess import preprocess
from training.augment import augment
from training.crops import Crops
from training.errors import TrainingError, run_command
from training.metrics import accuracy_at, area_under_curve, best_threshold
from training.network import build_network, import_keras
from training.splits import Split
from training.workspace import CROPS, WORK, display_path, read_json, write_json

__all__ = ["RUN", "STATE", "TRAINED", "main"]

EPOCHS = 40  # passes over the training people
BATCH = 64  # crops a step
LEARNING_RATE = 2e-3  # of AdamW at the peak; then a cosine down to nearly nothing
WARM_UP_EPOCHS = 1  # linear, from nothing to the peak
WEIGHT_DECAY = 1e-2  # pulls weights to zero: less learning by heart
SEED = 1  # of the weights, the order and the variations

RUN = WORK / "run"
TRAINED = RUN / "trained.keras"
_LAST = RUN / "last.keras"
STATE = RUN / "state.json"


def varied_epoch(
    crops: Crops, seed: int, epoch: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return one epoch's shuffled, varied input and targets; the same ones for the same seed."""
    rng = np.random.default_rng((seed, epoch))
    order = rng.permutation(len(crops))
    return preprocess(augment(crops.grey[order], rng)), crops.target[order]


def compiled_network(seed: int, epochs: int, steps_an_epoch: int) -> Any:
    """Return the untrained network with its loss and its learning-rate schedule."""
    keras = import_keras()
    network = build_network(seed)
    warm_up = WARM_UP_EPOCHS * steps_an_epoch
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        warmup_target=LEARNING_RATE,
        warmup_steps=warm_up,
        decay_steps=max(1, epochs * steps_an_epoch - warm_up),
        alpha=1e-3,
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    network.compile(optimizer, keras.losses.BinaryCrossentropy(from_logits=True))
    return network


def train(crops: Crops, *, epochs: int, seed: int, fresh: bool) -> None:
    """Train and leave `TRAINED`; a checkpoint is written after every epoch."""
    learners, deciders = crops.part(Split.TRAIN), crops.part(Split.VALIDATION)
    plan = {"epochs": epochs, "seed": seed, "batch": BATCH, "inputs": _fingerprint(learners)}
    network, done, spent_s = None, 0, 0.0
    if not fresh:
        network, done, spent_s = _last_checkpoint(plan)
    if network is None:
        network = compiled_network(seed, epochs, -(-len(learners) // BATCH))
    print(f"{network.count_params():,} parameters, {len(learners):,} crops, {epochs} epochs")
    check = preprocess(deciders.grey)
    with ThreadPoolExecutor(1) as ahead:
        upcoming = ahead.submit(varied_epoch, learners, seed, done)
        for epoch in range(done, epochs):
            started = time.monotonic()
            pictures, targets = upcoming.result()
            if epoch + 1 < epochs:
                upcoming = ahead.submit(varied_epoch, learners, seed, epoch + 1)
            history = network.fit(pictures, targets, batch_size=BATCH, verbose=0, shuffle=False)
            scores = network.predict(check, batch_size=256, verbose=0)[:, 0]
            seconds = time.monotonic() - started
            spent_s += seconds
            _save(network, _LAST)
            write_json(STATE, {**plan, "epochs_done": epoch + 1, "spent_s": round(spent_s, 1)})
            accuracy = accuracy_at(scores, deciders.smile, best_threshold(scores, deciders.smile))
            print(
                f"epoch {epoch + 1:>3}/{epochs}: loss {history.history['loss'][0]:.4f},"
                f" validation accuracy {accuracy:.4f},"
                f" AUC {area_under_curve(scores, deciders.smile):.4f}, {seconds:.0f} s",
                flush=True,
            )
    _save(network, TRAINED)
    print(f"trained in {spent_s / 60:.1f} min: {display_path(TRAINED)}")


def _fingerprint(crops: Crops) -> str:
    """Identify what is learned from, so that a changed data set starts a new run."""
    content = crops.grey.tobytes() + crops.target.tobytes()
    return hashlib.sha256(content).hexdigest()


def _last_checkpoint(plan: dict[str, Any]) -> tuple[Any, int, float]:
    """Return the network, the epochs done and the seconds spent; None when there is no run."""
    if not (STATE.exists() and _LAST.exists()):
        return None, 0, 0.0
    state = read_json(STATE, made_by="python -m training.train --fresh")
    if any(state.get(name) != value for name, value in plan.items()):
        print("the data or settings differ from the last run: starting anew")
        return None, 0, 0.0
    keras = import_keras()
    try:
        network = keras.models.load_model(_LAST)
    except (ValueError, OSError) as error:
        raise TrainingError(f"{display_path(_LAST)} is damaged: give --fresh") from error
    print(f"going on after epoch {state['epochs_done']}")
    return network, int(state["epochs_done"]), float(state["spent_s"])


def _save(network: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name("part-" + path.name)
    network.save(half)
    os.replace(half, path)  # noqa: PTH105 - atomic: a kill leaves the old file or the new one


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the step from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.train",
        description="Teach the network; goes on from the last finished epoch.",
    )
    parser.add_argument("--epochs", type=int, default=EPOCHS, help=f"default {EPOCHS}")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument("--fresh", action="store_true", help="forget an unfinished run")
    options = parser.parse_args(arguments)
    if options.epochs < 1:
        raise TrainingError(f"--epochs {options.epochs}: expected 1 or more")
    train(Crops.load(CROPS), epochs=options.epochs, seed=options.seed, fresh=options.fresh)


if __name__ == "__main__":
    run_command(main)
