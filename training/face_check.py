"""Train the face check, a small network that separates crops of faces from other crops.

    python -m training.face_check [--epochs N] [--seed N] [--ship]

Needs the prepared pictures (training.prepare). Draws all other examples itself, trains, quantizes
and measures on people that the network never saw. Writes face_check.tflite and its card to
build/training/face_check/; with --ship also to the package. Takes 5 to 10 min.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.smiles.preprocess import preprocess
from training.command_line import command_parser, positive_int, run_command
from training.data.crops import SMILESMILED, Crops
from training.data.face_check.examples import KINDS, faces, not_faces
from training.data.face_check.faces import framed
from training.data.splits import Split
from training.evaluation.card_facts import data_facts, model_facts
from training.evaluation.predict import int8_logits
from training.evaluation.training_date import training_date
from training.model.convert import convert_for, inputs_of
from training.model.network import build_network, count_multiply_adds, import_keras
from training.model.weight_average import EVERY_STEPS, WeightAverage
from training.workspace import (
    CROPS,
    FACE_CHECK_CARD,
    FACE_CHECK_MODEL,
    FACE_CHECK_RUN,
    display_path,
    sha256_of_file,
    write_atomically,
    write_json,
)

__all__ = ["LAYERS", "HardExamples", "main", "train"]

LAYERS = ((8, 2), (16, 2), (32, 2), (32, 1), (48, 2))  # (channels, stride) of each convolution
EPOCHS = 18
NEW_NOT_FACES, HARD_NOT_FACES = 8000, 6000  # per epoch
BATCH = 64
LEARNING_RATE, FINAL_RATE_SHARE, WEIGHT_DECAY = 2e-3, 0.02, 1e-2
FACE_WEIGHT = 2.0  # of a missed face, relative to a kept thing
SEED = 1
# Of the varied faces of the validation set, most of them worse than those that a detector finds.
# 99.7 % of the faces that the video detector finds in photos and videos pass (docs/model.md).
KEPT_FACES = 0.945
REPRESENTATIVE_CROPS = 500  # of each sort; they set the int8 ranges
TEST_NOT_FACES = 6000

_Crops = NDArray[np.uint8]


@dataclass
class HardExamples:
    """The crops without a face that look most like one, of all that were drawn so far."""

    crops: _Crops
    limit: int

    def update(self, network: Any, new: _Crops) -> None:
        """Score all crops and keep those with the highest logits.

        Parameters
        ----------
        network
            keras.Model.
        new
            uint8 (N, 64, 64), drawn for the last epoch.
        """
        every = np.concatenate([self.crops, new])
        logits = network.predict(preprocess(every), batch_size=256, verbose=0)[:, 0]
        self.crops = every[np.argsort(-logits, kind="stable")[: self.limit]]


def train(pictures: _Crops, *, epochs: int, seed: int) -> Any:
    """Return the trained keras.Model.

    Parameters
    ----------
    pictures
        uint8 (N, 64, 64), the training set.
    epochs
        Passes over it; every pass has new variations and new things without a face.
    seed
        Of the weights, the order and all examples.
    """
    keras = import_keras()
    network = build_network(seed, LAYERS, outputs=1)
    steps = epochs * math.ceil((len(pictures) + NEW_NOT_FACES + HARD_NOT_FACES) / BATCH)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps, alpha=FINAL_RATE_SHARE)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    network.compile(optimizer, loss, steps_per_execution=EVERY_STEPS)
    hard = HardExamples(np.empty((0, *pictures.shape[1:]), np.uint8), HARD_NOT_FACES)
    average = WeightAverage()
    callback = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: average.update(network)  # noqa: ARG005
    )
    multiply_adds = count_multiply_adds(LAYERS, outputs=1)
    print(f"{network.count_params():,} parameters, {multiply_adds:,} multiply-adds")
    with ThreadPoolExecutor(1) as executor:  # draws the next epoch during this one
        upcoming = executor.submit(_drawn, pictures, seed, 0)
        for epoch in range(epochs):
            positive, negative = upcoming.result()
            if epoch + 1 < epochs:
                upcoming = executor.submit(_drawn, pictures, seed, epoch + 1)
            crops = np.concatenate([positive, negative, hard.crops])
            targets = (np.arange(len(crops)) < len(positive)).astype(np.float32)
            order = np.random.default_rng((seed, epoch)).permutation(len(crops))
            weights = np.where(targets > 0, FACE_WEIGHT, 1.0).astype(np.float32)
            fitted = network.fit(
                preprocess(crops[order]), targets[order], sample_weight=weights[order],
                batch_size=BATCH, verbose=0, shuffle=False, callbacks=[callback],
            )  # fmt: skip
            hard.update(network, negative)
            print(f"epoch {epoch + 1}/{epochs}: loss {fitted.history['loss'][0]:.4f}", flush=True)
    network.set_weights(average.weights())
    return network


def _drawn(pictures: _Crops, seed: int, epoch: int) -> tuple[_Crops, _Crops]:
    rng = np.random.default_rng((seed, epoch))
    return faces(pictures, rng), not_faces(pictures, NEW_NOT_FACES, rng)[0]


def quantized(network: Any, pictures: _Crops) -> bytes:
    """Return the int8 file; varied training pictures and things set its ranges."""
    rng = np.random.default_rng(0)
    chosen = pictures[rng.permutation(len(pictures))[:REPRESENTATIVE_CROPS]]
    crops = np.concatenate([faces(chosen, rng), not_faces(pictures, REPRESENTATIVE_CROPS, rng)[0]])
    return convert_for(network, lambda: inputs_of(crops))


def threshold_of(logits: NDArray[np.float64]) -> float:
    """Return the score that `KEPT_FACES` of the faces reach.

    Parameters
    ----------
    logits
        Of varied faces of the validation set.
    """
    logit = float(np.quantile(logits, 1 - KEPT_FACES))
    return round(1 / (1 + math.exp(-logit)), 3)


def measure(model: Path, threshold: float, pictures: _Crops, seed: int) -> dict[str, Any]:
    """Return the share of crops that pass the check, for faces and each kind of other things.

    Parameters
    ----------
    model
        The int8 file.
    threshold
        Minimum score.
    pictures
        uint8 (N, 64, 64), of people that the network never saw.
    seed
        Of the examples.
    """
    rng = np.random.default_rng((seed, 1_000_000))  # no epoch has this number
    limit = math.log(threshold / (1 - threshold))

    def passed(crops: _Crops) -> float:
        return round(float((int8_logits(model, crops, outputs=1) >= limit).mean()), 4)

    things, kinds = not_faces(pictures, TEST_NOT_FACES, rng)
    return {
        "faces": len(pictures),
        "kept": passed(np.stack([framed(picture) for picture in pictures])),
        "kept_varied": passed(faces(pictures, rng)),
        "not_faces": len(things),
        "passed": passed(things),
        "passed_by_kind": {
            kind: passed(things[kinds == number]) for number, kind in enumerate(KINDS)
        },
    }


def new_card(model: Path, threshold: float, metrics: dict[str, Any], date: str) -> dict[str, Any]:
    """Return the model card that `smile_vision.smiles.face_check` reads."""
    return {
        "name": FACE_CHECK_MODEL.stem,
        **model_facts(FACE_CHECK_MODEL.stem, date),
        "file": FACE_CHECK_MODEL.name,
        "sha256": sha256_of_file(model),
        "bytes": model.stat().st_size,
        "input": {
            "shape": [1, 64, 64, 1],
            "framing": "grey, brows to chin, eyes level, as smile_vision.crop_face cuts it",
        },
        "output": "logit",
        "threshold": threshold,
        "multiply_adds": count_multiply_adds(LAYERS, outputs=1),
        **data_facts(["smilesmiled", "synthetic"]),
        "metrics": metrics,
        "groups": {"evaluated_on": "not measured", "results": {}},
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = command_parser("training.face_check", __doc__)
    parser.add_argument("--epochs", type=positive_int, default=EPOCHS, help=f"default {EPOCHS}")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument("--ship", action="store_true", help="replace the packaged model")
    options = parser.parse_args(arguments)
    crops = Crops.load(CROPS).of(SMILESMILED)
    pictures = crops.part(Split.TRAIN).grey
    date = training_date()
    network = train(pictures, epochs=options.epochs, seed=options.seed)
    model = FACE_CHECK_RUN / FACE_CHECK_MODEL.name
    write_atomically(model, quantized(network, pictures))
    rng = np.random.default_rng((options.seed, 2_000_000))
    validation = faces(crops.part(Split.VALIDATION).grey, rng)
    threshold = threshold_of(int8_logits(model, validation, outputs=1))
    metrics = measure(model, threshold, crops.part(Split.TEST).grey, options.seed)
    card = new_card(model, threshold, metrics, date)
    write_json(model.with_suffix(".json"), card)
    print(f"{display_path(model)}: {card['bytes']:,} bytes, threshold {threshold}")
    print(f"test set: {metrics['kept']:.2%} of the faces pass, varied {metrics['kept_varied']:.2%}")
    print(f"not faces: {metrics['passed']:.2%} pass")
    for kind, share in metrics["passed_by_kind"].items():
        print(f"  {kind:<18} {share:.2%}")
    if options.ship:
        write_atomically(FACE_CHECK_MODEL, model.read_bytes())
        write_json(FACE_CHECK_CARD, card)
        print(f"shipped as {display_path(FACE_CHECK_MODEL)}")


if __name__ == "__main__":
    run_command(main)
