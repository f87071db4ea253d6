"""Fine-tune the shipped model on your own labelled photos; keep the result only if it is better.

    python -m training.finetune --photos FOLDER [--labels labels.csv] [--ship]

Finds the largest face of each photo with the product's own detector. Holds out some of the people
(or photos, where the person is unknown) to evaluate before and after. Also needs the prepared
SMILEsmileD pictures (training.prepare): the model trains on them too, so that it does not forget
them, and is evaluated on them. Writes to build/finetune/. Takes a minute or two.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.errors import VisionError
from smile_vision.smiles.classifier import mouth_logits
from smile_vision.smiles.crop_network import sigmoid
from smile_vision.smiles.model_card import ModelCard
from smile_vision.smiles.preprocess import preprocess
from training.command_line import command_parser, positive_int, run_command
from training.data.crops import SMILESMILED, Crops
from training.data.site_photos import SiteFaces, find_site_faces, read_site_table
from training.data.splits import Split
from training.errors import TrainingError
from training.evaluation.calibration import Calibration, calibrate
from training.evaluation.metric_summary import interval, rounded, score_metrics
from training.evaluation.metrics import paired_accuracy_interval
from training.evaluation.model_card import adapted_card
from training.evaluation.predict import int8_logits
from training.evaluation.recorded_scores import record_scores
from training.model.augment import augment
from training.model.convert import convert
from training.model.network import import_keras
from training.model.open_mouths import open_mouths
from training.model.rebuild import rebuild_network
from training.workspace import (
    CARD,
    CROPS,
    FINETUNED,
    MODEL,
    display_path,
    read_json,
    write_atomically,
    write_json,
)

__all__ = ["adapt", "compare", "finetune", "main", "mixed_epoch", "reason_to_reject"]

EPOCHS = 6  # passes over the mixture
MIXTURE = 4000  # pictures per epoch
SITE_SHARE = 0.33  # of the mixture; the rest comes from SMILEsmileD's training set
LEARNING_RATE = 2e-4  # a tenth of the original training's: adapt, do not retrain
FINAL_RATE_SHARE = 1e-3
WEIGHT_DECAY = 1e-2
BATCH = 64
SEED = 1
SMILE_TARGET = 0.95  # softened: a site's label comes from one annotator
MIN_AUC_GAIN = 0.002  # smaller changes are noise
MAX_ACCURACY_LOSS, MAX_AUC_LOSS = 0.005, 0.003  # on SMILEsmileD's test set

Scores = NDArray[np.float64]


def adapt(site: SiteFaces, crops: Crops, epochs: int = EPOCHS) -> Any:
    """Train the shipped network on the site's faces, mixed with SMILEsmileD.

    What it says of mouths stays as it is: the labels say nothing of them.

    Parameters
    ----------
    site
        The site's training faces.
    crops
        SMILEsmileD's training set.
    epochs
        Passes over the mixture.

    Returns
    -------
    Any
        The adapted keras.Model.
    """
    keras = import_keras()
    network, shipped = (rebuild_network(MODEL, SEED) for _ in range(2))
    steps = epochs * -(-MIXTURE // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps, alpha=FINAL_RATE_SHARE)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    network.compile(keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY), loss)
    for epoch in range(epochs):
        pictures, smile = mixed_epoch(site, crops, epoch)
        mouths = sigmoid(mouth_logits(shipped.predict(pictures, verbose=0)))
        targets = np.concatenate([smile[:, np.newaxis], mouths], axis=1)
        history = network.fit(pictures, targets, batch_size=BATCH, verbose=0, shuffle=False)
        print(f"epoch {epoch + 1}/{epochs}: loss {history.history['loss'][0]:.4f}", flush=True)
    return network


def mixed_epoch(
    site: SiteFaces, crops: Crops, epoch: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the shuffled, augmented inputs and the targets of one epoch.

    Parameters
    ----------
    site
        The site's training faces; they are repeated to `SITE_SHARE` of the mixture.
    crops
        SMILEsmileD's training set.
    epoch
        Number of the epoch.
    """
    from_site = round(MIXTURE * SITE_SHARE)
    rng = np.random.default_rng((SEED, epoch))
    ours = rng.choice(len(site), from_site)
    theirs = rng.permutation(len(crops))[: MIXTURE - from_site]
    grey = np.concatenate([site.grey[ours], crops.grey[theirs]])
    site_targets = np.where(site.smile[ours], SMILE_TARGET, 1 - SMILE_TARGET).astype(np.float32)
    targets = np.concatenate([site_targets, crops.target[theirs]])
    pictures = preprocess(augment(open_mouths(grey, targets, rng), rng))
    order = rng.permutation(len(targets))
    return pictures[order], targets[order]


def compare(
    before: Scores, after: Scores, smile: NDArray[np.bool_], thresholds: tuple[float, float]
) -> dict[str, Any]:
    """Return the metrics before and after, and the paired difference in accuracy.

    Parameters
    ----------
    before, after
        Scores (N,) of the shipped and the adapted model.
    smile
        Labels, bool (N,).
    thresholds
        Of the two models.
    """
    correct_before = (before >= thresholds[0]) == smile
    correct_after = (after >= thresholds[1]) == smile
    return {
        "before": score_metrics(before, smile, thresholds[0]),
        "after": score_metrics(after, smile, thresholds[1]),
        "accuracy_gained": rounded(float(correct_after.mean() - correct_before.mean())),
        "accuracy_gained_95": interval(paired_accuracy_interval(correct_before, correct_after)),
    }


def reason_to_reject(site: dict[str, Any], smilesmiled: dict[str, Any]) -> str | None:
    """Return why the adapted model must not be shipped, or None when it may be.

    Parameters
    ----------
    site, smilesmiled
        The result of `compare` on the site's held-out photos and on SMILEsmileD's test set.
    """
    auc_gained = site["after"]["auc"] - site["before"]["auc"]
    if site["accuracy_gained"] < 0 or auc_gained < -MIN_AUC_GAIN:
        return "it is worse on the site's held-out photos"
    if site["accuracy_gained"] == 0 and auc_gained < MIN_AUC_GAIN:
        return "it is not better on the site's held-out photos"
    auc_lost = smilesmiled["before"]["auc"] - smilesmiled["after"]["auc"]
    if smilesmiled["accuracy_gained"] < -MAX_ACCURACY_LOSS or auc_lost > MAX_AUC_LOSS:
        return "it is worse on SMILEsmileD's test set"
    return None


def _compare_models(
    card: ModelCard, adapted: Path, calibration: Calibration, faces: Crops | SiteFaces
) -> dict[str, Any]:
    shipped = Calibration.of(card)
    before = shipped.scores(int8_logits(MODEL, faces.grey))
    after = calibration.scores(int8_logits(adapted, faces.grey))
    return compare(before, after, faces.smile, (shipped.threshold, calibration.threshold))


def finetune(photos: Path, labels: Path | None, epochs: int, output: Path) -> dict[str, Any]:
    """Adapt the shipped model, compare both, and write the result; return the report.

    Raises
    ------
    TrainingError
        When the photos cannot be used, or the adapted model is rejected.
    """
    table = read_site_table(photos, labels)
    crops = Crops.load(CROPS).of(SMILESMILED)
    card = ModelCard.load(CARD)
    card.check(MODEL.read_bytes())
    import_keras()  # fails at once when TensorFlow is not installed
    site_training, site_held_out = find_site_faces(table)
    training = crops.part(Split.TRAIN)
    network = adapt(site_training, training, epochs)
    output.mkdir(parents=True, exist_ok=True)
    candidate = output / "candidate.tflite"
    write_atomically(candidate, convert(network, training))
    validation, test = crops.part(Split.VALIDATION), crops.part(Split.TEST)
    calibration = calibrate(int8_logits(candidate, validation.grey), validation)
    report: dict[str, Any] = {
        "adapted_from": card.sha256,
        "photos_for_training": len(site_training),
        "photos_held_out": len(site_held_out),
        "site": _compare_models(card, candidate, calibration, site_held_out),
        "smilesmiled": _compare_models(card, candidate, calibration, test),
    }
    _show(report)
    rejected = reason_to_reject(report["site"], report["smilesmiled"])
    write_json(output / "report.json", {**report, "rejected": rejected})
    if rejected:
        candidate.unlink()
        raise TrainingError(
            f"the adapted model is rejected: {rejected}; the metrics are in"
            f" {display_path(output / 'report.json')}. Try more photos, or check their labels"
        )
    candidate.replace(output / MODEL.name)
    adapted = adapted_card(read_json(CARD, made_by="make train"), output / MODEL.name, calibration)
    metrics = report["smilesmiled"]["after"]
    adapted["metrics"] = {name: metrics[name] for name in ("pictures", "accuracy", "auc")}
    adapted["adapted"] = {"from": card.sha256, "photos": len(site_training)}
    write_json(output / CARD.name, adapted)
    return report


def _show(report: dict[str, Any]) -> None:
    for name, words in (
        ("site", "the site's held-out photos"),
        ("smilesmiled", "SMILEsmileD's test set"),
    ):
        comparison = report[name]
        print(f"{words}, {comparison['before']['pictures']:,} faces:")
        for when in ("before", "after"):
            low, high = comparison[when]["accuracy_95"]
            print(
                f"  {when:<6} accuracy {comparison[when]['accuracy']:.4f}"
                f" ({low:.3f} to {high:.3f}), AUC {comparison[when]['auc']:.4f}"
            )
        low, high = comparison["accuracy_gained_95"]
        print(f"  gained {comparison['accuracy_gained']:+.4f} ({low:+.3f} to {high:+.3f})")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = command_parser("training.finetune", __doc__)
    parser.add_argument("--photos", type=Path, required=True, help="folder of the photos")
    parser.add_argument(
        "--labels",
        type=Path,
        help="CSV with the columns path (in the folder), smile (1 or 0) and, if known, person"
        " (default: labels.csv in the folder)",
    )
    parser.add_argument(
        "--output", type=Path, default=FINETUNED, help=f"default {display_path(FINETUNED)}"
    )
    parser.add_argument("--epochs", type=positive_int, default=EPOCHS, help=f"default {EPOCHS}")
    parser.add_argument("--ship", action="store_true", help="replace the shipped model")
    options = parser.parse_args(arguments)
    try:
        finetune(options.photos, options.labels, options.epochs, options.output)
    except VisionError as error:
        raise TrainingError(str(error)) from error
    print(f"the adapted model and its card are in {display_path(options.output)}")
    if options.ship:
        write_atomically(MODEL, (options.output / MODEL.name).read_bytes())
        write_atomically(CARD, (options.output / CARD.name).read_bytes())
        record_scores()
        print(f"shipped {display_path(MODEL)} with its model card")


if __name__ == "__main__":
    run_command(main)
