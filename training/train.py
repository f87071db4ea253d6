"""Step 2: teach the network. Goes on from the last finished epoch after an interruption.

    python -m training.train [--epochs N] [--seed N] [--fresh]

Reads build/training/crops.npz, writes build/training/run/. Takes about 10 min on 2 cores.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.smiles.preprocess import preprocess
from training.data.crops import Crops
from training.data.splits import Split
from training.errors import TrainingError, run_command
from training.evaluation.metrics import accuracy_at, area_under_curve, best_threshold
from training.model.augment import augment
from training.model.network import LAYERS, build_network, import_keras, load_network
from training.model.open_mouths import open_mouths
from training.model.weight_average import EVERY_STEPS, LEAST_SHARE, WeightAverage
from training.workspace import CROPS, WORK, display_path, read_json, write_json

__all__ = ["RUN", "STATE", "TRAINED", "main"]

EPOCHS = 50  # passes over the training people
BATCH = 64  # crops a step
LEARNING_RATE = 2e-3  # of AdamW at the peak; then a cosine down
FINAL_RATE_SHARE = 0.05  # of the peak at the end: the average of the weights does the settling
WARM_UP_EPOCHS = 1  # linear, from nothing to the peak
WEIGHT_DECAY = 1e-2  # pulls weights to zero: less learning by heart
OPEN_MOUTHS = False  # hard negatives drawn by hand: no gain in full length (docs/model.md)
SEED = 1  # of the weights, the order and the variations

_ANEW = "python -m training.train --fresh"
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
    targets = crops.target[order]
    grey = crops.grey[order]
    if OPEN_MOUTHS:
        grey = open_mouths(grey, targets, rng)
    return preprocess(augment(grey, rng)), targets


def compiled_network(seed: int, epochs: int, steps: int) -> Any:
    """Return the untrained network with its loss and its learning-rate schedule."""
    keras = import_keras()
    network = build_network(seed)
    warm_up = WARM_UP_EPOCHS * steps
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        warmup_target=LEARNING_RATE,
        warmup_steps=warm_up,
        decay_steps=max(1, epochs * steps - warm_up),
        alpha=FINAL_RATE_SHARE,
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    network.compile(optimizer, keras.losses.BinaryCrossentropy(from_logits=True))
    return network


def train(crops: Crops, *, epochs: int, seed: int, fresh: bool) -> None:
    """Train and leave `TRAINED`; a checkpoint is written after every epoch."""
    learners, deciders = crops.part(Split.TRAIN), crops.part(Split.VALIDATION)
    plan = {"epochs": epochs, "seed": seed, "inputs": _fingerprint(learners), **_settings()}
    network = compiled_network(seed, epochs, steps_an_epoch(learners))
    done, spent_s = (0, 0.0) if fresh else _go_on(network, plan, steps_an_epoch(learners))
    history = _history(done)
    average = WeightAverage.load(_average_file(done)) if done else WeightAverage()
    callback = import_keras().callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: average.take(network, batch)  # noqa: ARG005
    )
    print(f"{network.count_params():,} parameters, {len(learners):,} crops, {epochs} epochs")
    with ThreadPoolExecutor(1) as ahead:  # the next epoch is drawn while this one is learned
        upcoming = ahead.submit(varied_epoch, learners, seed, done)
        for epoch in range(done, epochs):
            started = time.monotonic()
            pictures, targets = upcoming.result()
            if epoch + 1 < epochs:
                upcoming = ahead.submit(varied_epoch, learners, seed, epoch + 1)
            _reseed_dropout(network, seed, epoch)
            fitted = network.fit(
                pictures, targets, batch_size=BATCH, verbose=0, shuffle=False, callbacks=[callback]
            )
            spent_s += time.monotonic() - started
            average.save(_average_file(epoch + 1))
            _save(network, _LAST)
            _average_file(epoch).unlink(missing_ok=True)
            line = {"epoch": epoch + 1, "loss": round(float(fitted.history["loss"][0]), 4)}
            with _averaged(network, average):
                history.append(line | _judged(network, deciders))
            done_so_far = {"epochs_done": epoch + 1, "spent_s": round(spent_s, 1)}
            write_json(STATE, {**plan, **done_so_far, "history": history})
            print(_words(history[-1], epochs, time.monotonic() - started), flush=True)
    with _averaged(network, average):
        _save(network, TRAINED)
    print(f"trained in {spent_s / 60:.1f} min: {display_path(TRAINED)}")


def _average_file(epochs_done: int) -> Path:
    """Return where the average after so many epochs is kept; that of `_LAST` is always there."""
    return RUN / f"average-{epochs_done}.npz"


@contextmanager
def _averaged(network: Any, average: WeightAverage) -> Iterator[None]:
    """Give the network the average of its weights for a while."""
    last = network.get_weights()
    network.set_weights(average.weights())
    try:
        yield
    finally:
        network.set_weights(last)


def steps_an_epoch(learners: Crops) -> int:
    """Return the optimizer's steps in one pass over the crops."""
    return math.ceil(len(learners) / BATCH)


def _reseed_dropout(network: Any, seed: int, epoch: int) -> None:
    """Make the dropout depend on seed and epoch alone: Keras does not save its state."""
    for variable in network.variables:
        if variable.path.endswith("seed_generator_state"):
            variable.assign([seed, epoch])


def _judged(network: Any, deciders: Crops) -> dict[str, float]:
    scores = network.predict(preprocess(deciders.grey), batch_size=256, verbose=0)[:, 0]
    accuracy = accuracy_at(scores, deciders.smile, best_threshold(scores, deciders.smile))
    area = area_under_curve(scores, deciders.smile)
    return {"validation_accuracy": round(accuracy, 4), "validation_auc": round(area, 4)}


def _words(line: dict[str, Any], epochs: int, seconds: float) -> str:
    return (
        f"epoch {line['epoch']:>3}/{epochs}: loss {line['loss']:.4f},"
        f" validation accuracy {line['validation_accuracy']:.4f},"
        f" AUC {line['validation_auc']:.4f}, {seconds:.0f} s"
    )


def _history(done: int) -> list[dict[str, Any]]:
    """Return what the run that is gone on with noted of its epochs, for the learning curves."""
    if done == 0:
        return []
    state = read_json(STATE, made_by=_ANEW)
    return [line for line in state.get("history", []) if line["epoch"] <= done]


def _settings() -> dict[str, Any]:
    return {
        "batch": BATCH,
        "learning_rate": LEARNING_RATE,
        "weight_decay": WEIGHT_DECAY,
        "layers": [list(layer) for layer in LAYERS],
        "open_mouths": OPEN_MOUTHS,
        "final_rate_share": FINAL_RATE_SHARE,
        "average": [EVERY_STEPS, LEAST_SHARE],
    }


def _fingerprint(crops: Crops) -> str:
    """Identify what is learned from, so that a changed data set starts a new run."""
    content = crops.grey.tobytes() + crops.target.tobytes()
    return hashlib.sha256(content).hexdigest()


def _go_on(network: Any, plan: dict[str, Any], steps: int) -> tuple[int, float]:
    """Bring the network to where the last run stopped; return epochs done and seconds spent."""
    if not (STATE.exists() and _LAST.exists()):
        return 0, 0.0
    state = read_json(STATE, made_by=_ANEW)
    if any(state.get(name) != value for name, value in plan.items()):
        print("the data or settings differ from the last run: starting anew")
        return 0, 0.0
    last = load_network(_LAST, made_by=_ANEW)
    # Into the network just built, because the file does not hold all of the optimizer's settings.
    network.optimizer.build(network.trainable_variables)
    for ours, theirs in (
        (network.variables, last.variables),
        (network.optimizer.variables, last.optimizer.variables),
    ):
        for variable, value in zip(ours, theirs, strict=True):
            variable.assign(value)
    done = int(network.optimizer.iterations) // steps
    if done == plan["epochs"]:
        print("already trained with these data and settings; --fresh trains anew")
    else:
        print(f"going on after epoch {done}")
    return done, float(state["spent_s"])


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
