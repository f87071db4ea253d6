"""Step 2: train the network; an interrupted run continues after its last finished epoch.

    python -m training.train [--epochs N] [--seed N] [--fresh]

Reads build/training/crops.npz, writes build/training/run/. Takes about 25 min on 2 cores.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from smile_vision.smiles.classifier import smile_logits
from smile_vision.smiles.preprocess import preprocess
from training.command_line import command_parser, positive_int, run_command
from training.data.crops import SMILESMILED, Crops
from training.data.splits import Split
from training.evaluation.metrics import accuracy_at, area_under_curve, best_threshold
from training.evaluation.training_date import training_date
from training.model.epoch_queue import EpochQueue
from training.model.mixture import EPOCH_CROPS, SMILESMILED_SHARE
from training.model.network import LAYERS, build_network, import_keras, load_network
from training.model.targets import known_crossentropy
from training.model.weight_average import EVERY_STEPS, MIN_SHARE, WeightAverage
from training.workspace import CROPS, RUN, STATE, TRAINED, display_path, read_json, write_json

__all__ = ["main", "train"]

EPOCHS = 60  # of `EPOCH_CROPS` each; 30,000 steps
BATCH = 64  # crops per step
LEARNING_RATE = 2e-3  # of AdamW at the peak, followed by cosine decay
FINAL_RATE_SHARE = 0.05  # of the peak at the end; averaging the weights replaces a decay to zero
WARM_UP_EPOCHS = 1  # linear, from zero to the peak
WEIGHT_DECAY = 1e-2  # against overfitting
SEED = 1  # of the weights, the order and the augmentation

_RESTART = "python -m training.train --fresh"
_LAST = "last.keras"


def compiled_network(seed: int, epochs: int, steps: int) -> Any:
    """Return the untrained network with its loss, optimizer and learning-rate schedule.

    Parameters
    ----------
    seed
        Of the initial weights and the dropout.
    epochs, steps
        Length of the training, and of each epoch in optimizer steps.
    """
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
    # Python returns to the loop only when the average of the weights is due.
    network.compile(optimizer, known_crossentropy, steps_per_execution=EVERY_STEPS)
    return network


def train(crops: Crops, run: Path, *, epochs: int, seed: int, fresh: bool) -> None:
    """Train the network and save a checkpoint after each epoch.

    Parameters
    ----------
    crops
        All crops; the training set is used for training, the validation set for the printed
        metrics.
    run
        The folder for the checkpoints and the trained network.
    epochs
        Each of `EPOCH_CROPS` crops.
    seed
        Of the weights, the order and the augmentation.
    fresh
        Ignore the checkpoint of an earlier run.
    """
    training, validation = crops.part(Split.TRAIN), crops.of(SMILESMILED).part(Split.VALIDATION)
    steps = EPOCH_CROPS // BATCH
    date = training_date()
    plan = {"epochs": epochs, "seed": seed, "inputs": _fingerprint(training), **_settings()}
    network = compiled_network(seed, epochs, steps)
    done, seconds, history = (0, 0.0, []) if fresh else _restore(network, run, plan, steps)
    average = WeightAverage.load(_average_file(run, done)) if done else WeightAverage()
    callback = import_keras().callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: average.update(network)  # noqa: ARG005
    )
    print(f"{network.count_params():,} parameters, {len(training):,} crops, {epochs} epochs")
    with EpochQueue(training, seed, EPOCH_CROPS) as upcoming:
        for epoch in range(done, epochs):
            started = time.monotonic()
            pictures, targets = upcoming.take(epoch, has_next=epoch + 1 < epochs)
            _reseed_dropout(network, seed, epoch)
            fitted = network.fit(
                preprocess(pictures),
                targets,
                batch_size=BATCH,
                verbose=0,
                shuffle=False,
                callbacks=[callback],
            )
            seconds += time.monotonic() - started
            average.save(_average_file(run, epoch + 1))
            _save(network, run / _LAST)
            _average_file(run, epoch).unlink(missing_ok=True)
            line = {"epoch": epoch + 1, "loss": round(float(fitted.history["loss"][0]), 4)}
            with _averaged(network, average):
                history.append(line | _validation_metrics(network, validation))
            progress = {"epochs_done": epoch + 1, "spent_s": round(seconds, 1), "date": date}
            write_json(run / STATE.name, {**plan, **progress, "history": history})
            print(_progress_line(history[-1], epochs, time.monotonic() - started), flush=True)
    with _averaged(network, average):
        _save(network, run / TRAINED.name)
    print(f"trained in {seconds / 60:.1f} min: {display_path(run / TRAINED.name)}")


def _average_file(run: Path, epochs_done: int) -> Path:
    """Return the file of the average after an epoch; the one that matches `_LAST` always exists."""
    return run / f"average-{epochs_done}.npz"


@contextmanager
def _averaged(network: Any, average: WeightAverage) -> Iterator[None]:
    """Give the network the averaged weights temporarily."""
    last = network.get_weights()
    network.set_weights(average.weights())
    try:
        yield
    finally:
        network.set_weights(last)


def _reseed_dropout(network: Any, seed: int, epoch: int) -> None:
    """Make the dropout depend on seed and epoch only, because Keras does not save its state."""
    for variable in network.variables:
        if variable.path.endswith("seed_generator_state"):
            variable.assign([seed, epoch])


def _validation_metrics(network: Any, validation: Crops) -> dict[str, float]:
    outputs = network.predict(preprocess(validation.grey), batch_size=256, verbose=0)
    scores = smile_logits(outputs)
    accuracy = accuracy_at(scores, validation.smile, best_threshold(scores, validation.smile))
    auc = area_under_curve(scores, validation.smile)
    return {"validation_accuracy": round(accuracy, 4), "validation_auc": round(auc, 4)}


def _progress_line(line: dict[str, Any], epochs: int, seconds: float) -> str:
    return (
        f"epoch {line['epoch']:>3}/{epochs}: loss {line['loss']:.4f},"
        f" validation accuracy {line['validation_accuracy']:.4f},"
        f" AUC {line['validation_auc']:.4f}, {seconds:.0f} s"
    )


def _settings() -> dict[str, Any]:
    return {
        "batch": BATCH,
        "learning_rate": LEARNING_RATE,
        "weight_decay": WEIGHT_DECAY,
        "layers": [list(layer) for layer in LAYERS],
        "final_rate_share": FINAL_RATE_SHARE,
        "average": [EVERY_STEPS, MIN_SHARE],
        "epoch": [EPOCH_CROPS, SMILESMILED_SHARE],
    }


def _fingerprint(crops: Crops) -> str:
    """Return a checksum of the training set, so that other data start a new run."""
    content = crops.grey.tobytes() + crops.target.tobytes()
    content += crops.mouth_visible.tobytes() + crops.mouth_open.tobytes()
    return hashlib.sha256(content).hexdigest()


def _restore(
    network: Any, run: Path, plan: dict[str, Any], steps: int
) -> tuple[int, float, list[dict[str, Any]]]:
    """Restore the last checkpoint into the network; return its epochs, seconds and history."""
    state_file, last_file = run / STATE.name, run / _LAST
    if not (state_file.exists() and last_file.exists()):
        return 0, 0.0, []
    state = read_json(state_file, made_by=_RESTART)
    if any(state.get(name) != value for name, value in plan.items()):
        print("the data or the settings changed since the last run: starting a new one")
        return 0, 0.0, []
    last = load_network(last_file, made_by=_RESTART)
    # Copied into the new network, because the file lacks some of the optimizer's settings.
    network.optimizer.build(network.trainable_variables)
    for ours, saved in (
        (network.variables, last.variables),
        (network.optimizer.variables, last.optimizer.variables),
    ):
        for variable, value in zip(ours, saved, strict=True):
            variable.assign(value)
    done = int(network.optimizer.iterations) // steps
    if done == plan["epochs"]:
        print("already trained with these data and settings; --fresh trains again")
    else:
        print(f"continuing after epoch {done}")
    # Longer when a fresh run with the same settings was killed in its first epochs.
    history = [line for line in state["history"] if line["epoch"] <= done]
    return done, float(state["spent_s"]), history


def _save(network: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name("part-" + path.name)
    network.save(partial)
    partial.replace(path)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = command_parser("training.train", __doc__)
    parser.add_argument("--epochs", type=positive_int, default=EPOCHS, help=f"default {EPOCHS}")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument("--fresh", action="store_true", help="discard an unfinished run")
    options = parser.parse_args(arguments)
    crops = Crops.load(CROPS)
    train(crops, RUN, epochs=options.epochs, seed=options.seed, fresh=options.fresh)


if __name__ == "__main__":
    run_command(main)
