"""Adapt the shipped model to one's own labelled photos; ships nothing that is worse.

    python -m training.finetune --photos FOLDER --labels labels.csv [--ship]

The photos go through the product's own face finder; the largest face counts. Some of them (or
of the people, with a column person) are held out to judge before and after. The pictures of
SMILEsmileD are needed too (training.prepare): so that what was learned is not forgotten, and to
see that it is not. Writes to build/finetune/. Takes a minute or two.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smile_vision.errors import VisionError
from smile_vision.smiles.model_card import ModelCard
from smile_vision.smiles.preprocess import preprocess
from training.data.crops import Crops
from training.data.site_photos import SiteFaces, find_site_faces, read_site_table
from training.data.splits import Split
from training.errors import TrainingError, run_command
from training.evaluate import Verdicts, calibrate, rescaled_card
from training.evaluation.metric_summary import interval, rounded, score_metrics
from training.evaluation.metrics import paired_accuracy_interval
from training.evaluation.predict import int8_logits
from training.evaluation.recorded_scores import record_scores
from training.model.augment import augment
from training.model.network import import_keras
from training.model.open_mouths import open_mouths
from training.model.rebuild import rebuild_network
from training.quantize import convert
from training.workspace import (
    CARD,
    CROPS,
    MODEL,
    WORK,
    display_path,
    read_json,
    write_atomically,
    write_json,
)

__all__ = ["OUTPUT", "adapt", "compare", "main", "reason_to_refuse"]

OUTPUT = WORK.with_name("finetune")
EPOCHS = 6  # passes over the mixture
MIXTURE = 4000  # pictures an epoch; of these
SITE_SHARE = 0.33  # from the site, the others from the people first learned from
LEARNING_RATE = 2e-4  # a tenth of the first training's: adapt, do not start anew
BATCH = 64
SEED = 1
SOFTENED = 0.95  # what is taught for "smile": a site's label is one opinion
LEAST_GAIN_OF_AREA = 0.002  # a smaller change of the AUC is chance
# How much worse the model may become for the people it was first judged on.
LARGEST_LOSS_OF_ACCURACY, LARGEST_LOSS_OF_AREA = 0.005, 0.003

Scores = NDArray[np.float64]


def adapt(site: SiteFaces, crops: Crops, epochs: int = EPOCHS) -> Any:
    """Teach the shipped network the site's faces, mixed with those it knows.

    Parameters
    ----------
    site
        The site's faces to learn from.
    crops
        The pictures first learned from.
    epochs
        Passes over the mixture.

    Returns
    -------
    Any
        The adapted keras.Model.
    """
    keras = import_keras()
    network = rebuild_network(MODEL, SEED)
    from_site = round(MIXTURE * SITE_SHARE)
    steps = epochs * -(-MIXTURE // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps, alpha=1e-3)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    network.compile(keras.optimizers.AdamW(rate, weight_decay=1e-2), loss)
    taught = np.where(site.smile, SOFTENED, 1 - SOFTENED).astype(np.float32)
    for epoch in range(epochs):
        rng = np.random.default_rng((SEED, epoch))
        ours = rng.choice(len(site), from_site)
        theirs = rng.permutation(len(crops))[: MIXTURE - from_site]
        grey = np.concatenate([site.grey[ours], crops.grey[theirs]])
        targets = np.concatenate([taught[ours], crops.target[theirs]])
        pictures = preprocess(augment(open_mouths(grey, targets, rng), rng))
        order = rng.permutation(len(targets))
        history = network.fit(
            pictures[order], targets[order], batch_size=BATCH, verbose=0, shuffle=False
        )
        print(f"epoch {epoch + 1}/{epochs}: loss {history.history['loss'][0]:.4f}", flush=True)
    return network


def compare(
    before: Scores, after: Scores, smile: NDArray[np.bool_], thresholds: tuple[float, float]
) -> dict[str, Any]:
    """Return the figures before and after, and the paired difference of the accuracy."""
    right_before = (before >= thresholds[0]) == smile
    right_after = (after >= thresholds[1]) == smile
    low, high = paired_accuracy_interval(right_before, right_after)
    return {
        "before": score_metrics(before, smile, thresholds[0]),
        "after": score_metrics(after, smile, thresholds[1]),
        "accuracy_gained": rounded(float(right_after.mean() - right_before.mean())),
        "accuracy_gained_95": interval((low, high)),
    }


def reason_to_refuse(site: dict[str, Any], people: dict[str, Any]) -> str | None:
    """Return why the adapted model may not be shipped, or None when it may."""
    area_gained = site["after"]["auc"] - site["before"]["auc"]
    if site["accuracy_gained"] < 0 or area_gained < -LEAST_GAIN_OF_AREA:
        return "it is worse on the site's held-out photos"
    if site["accuracy_gained"] == 0 and area_gained < LEAST_GAIN_OF_AREA:
        return "it is no better on the site's held-out photos"
    lost = people["before"]["auc"] - people["after"]["auc"]
    if people["accuracy_gained"] < -LARGEST_LOSS_OF_ACCURACY or lost > LARGEST_LOSS_OF_AREA:
        return "it forgot the people it was first judged on"
    return None


def _judge(
    card: ModelCard, adapted: Path, verdicts: Verdicts, grey: NDArray[np.uint8], smile: Any
) -> dict[str, Any]:
    shipped = Verdicts(card.calibration_scale, card.calibration_bias, card.threshold)
    before = shipped.scores(int8_logits(MODEL, grey))
    after = verdicts.scores(int8_logits(adapted, grey))
    return compare(before, after, smile, (shipped.threshold, verdicts.threshold))


def finetune(photos: Path, labels: Path | None, epochs: int, output: Path) -> dict[str, Any]:
    """Adapt, judge and write; see the module.

    Raises
    ------
    TrainingError
        When the photos cannot be used, or the adapted model is worse.
    """
    table = read_site_table(photos, labels)
    crops = Crops.load(CROPS)
    card = ModelCard.load(CARD)
    card.check(MODEL.read_bytes())
    import_keras()  # says at once when TensorFlow is not installed here
    learners, judges = find_site_faces(table)
    network = adapt(learners, crops.part(Split.TRAIN), epochs)
    output.mkdir(parents=True, exist_ok=True)
    tried = output / "tried.tflite"
    write_atomically(tried, convert(network, crops.part(Split.TRAIN)))
    deciders, people = crops.part(Split.VALIDATION), crops.part(Split.TEST)
    verdicts = calibrate(int8_logits(tried, deciders.grey), deciders)
    report: dict[str, Any] = {
        "adapted_from": card.sha256,
        "photos_learned_from": len(learners),
        "photos_judged_on": len(judges),
        "site": _judge(card, tried, verdicts, judges.grey, judges.smile),
        "people_first_judged_on": _judge(card, tried, verdicts, people.grey, people.smile),
    }
    _show(report)
    refused = reason_to_refuse(report["site"], report["people_first_judged_on"])
    write_json(output / "report.json", {**report, "refused": refused})
    if refused:
        tried.unlink()
        raise TrainingError(
            f"the adapted model is not kept: {refused}; figures in"
            f" {display_path(output / 'report.json')}. More photos, or more careful labels, help"
        )
    tried.replace(output / MODEL.name)
    adapted = rescaled_card(read_json(CARD, made_by="make train"), output / MODEL.name, verdicts)
    figures = report["people_first_judged_on"]["after"]
    adapted["metrics"] = {name: figures[name] for name in ("pictures", "accuracy", "auc")}
    adapted["adapted"] = {"from": card.sha256, "photos": len(learners)}
    write_json(output / CARD.name, adapted)
    return report


def _show(report: dict[str, Any]) -> None:
    for name, words in (
        ("site", "the site's held-out photos"),
        ("people_first_judged_on", "the people first judged on"),
    ):
        figures = report[name]
        print(f"{words}, {figures['before']['pictures']:,} faces:")
        for when in ("before", "after"):
            low, high = figures[when]["accuracy_95"]
            print(
                f"  {when:<6} accuracy {figures[when]['accuracy']:.4f}"
                f" ({low:.3f} to {high:.3f}), AUC {figures[when]['auc']:.4f}"
            )
        low, high = figures["accuracy_gained_95"]
        print(f"  gained {figures['accuracy_gained']:+.4f} ({low:+.3f} to {high:+.3f})")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m training.finetune",
        description="Adapt the shipped model to one's own labelled photos.",
    )
    parser.add_argument("--photos", type=Path, required=True, help="the folder of the photos")
    parser.add_argument(
        "--labels",
        type=Path,
        help="CSV: path (in the folder), smile (1 or 0) and, if known, person"
        " (default: labels.csv in the folder)",
    )
    parser.add_argument("--output", type=Path, default=OUTPUT, help=display_path(OUTPUT))
    parser.add_argument("--epochs", type=int, default=EPOCHS, help=f"default {EPOCHS}")
    parser.add_argument("--ship", action="store_true", help="put it in the shipped one's place")
    options = parser.parse_args(arguments)
    if options.epochs < 1:
        raise TrainingError(f"--epochs {options.epochs}: expected 1 or more")
    try:
        finetune(options.photos, options.labels, options.epochs, options.output)
    except VisionError as error:
        raise TrainingError(str(error)) from error
    print(f"the adapted model and its card are in {display_path(options.output)}")
    if options.ship:
        write_atomically(MODEL, (options.output / MODEL.name).read_bytes())
        write_atomically(CARD, (options.output / CARD.name).read_bytes())
        record_scores()
        print(f"shipped {display_path(MODEL)} with its card")


if __name__ == "__main__":
    run_command(main)
