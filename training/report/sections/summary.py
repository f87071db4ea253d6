"""Section: the figures to remember."""

from __future__ import annotations

from smile_vision.smiles.classifier import SmileClassifier
from training.evaluation.metric_summary import score_metrics
from training.report.inputs import Facts
from training.report.page import Part, Section, Tiles
from training.report.sections.calibration import calibration_error, reliability
from training.report.sections.speed import clip_crops, time_ms

__all__ = ["summary"]

_KB = 1000


def summary(facts: Facts) -> Section:
    """Return the section."""
    tiles: list[tuple[str, str]] = []
    if facts.photos is not None:
        photos = facts.photos
        figures = score_metrics(photos.scores, photos.smile, facts.threshold)
        total = len(photos) + photos.missed
        right = figures["true_positive"] + figures["true_negative"]
        error = calibration_error(reliability(photos.scores, photos.smile))
        tiles += [
            (f"{right / total:.1%}", f"right on {total:,} whole photos of strangers"),
            (f"{figures['auc']:.3f}", "AUC on these photos"),
            (f"{error:.3f}", "calibration error (ECE) there"),
        ]
    elif "whole_photos" in facts.metrics:
        recorded = facts.metrics["whole_photos"]
        words = f"right on {recorded['photos']:,} whole photos of strangers (recorded)"
        tiles.append((f"{recorded['accuracy_all_photos']:.1%}", words))
    test = facts.metrics.get("test")
    if facts.held_out is not None:
        test = score_metrics(facts.held_out.scores, facts.held_out.smile, facts.threshold)
    if test:
        words = f"right on {test['pictures']:,} pictures of people held out, labels as they came"
        tiles.append((f"{test['accuracy']:.1%}", words))
    if facts.agreed is not None:
        agreed = score_metrics(facts.agreed.scores, facts.agreed.smile, facts.threshold)
        words = f"AUC, clear smile against none, {agreed['pictures']:,} pictures held out"
        tiles.append((f"{agreed['auc']:.4f}", words))
    classifier, one = SmileClassifier.load(), clip_crops()[:1]
    median = sorted(time_ms(lambda: classifier.smile_scores(one)))[150]
    tiles += [
        (f"{median:.2f} ms", "to judge a face on one processor core here, median"),
        (f"{facts.model.stat().st_size / _KB:.0f} KB", "the whole file, int8"),
    ]
    adds = facts.metrics.get("model", {}).get("multiply_adds")
    if adds:
        tiles.append((f"{adds / 1e6:.1f} million", "multiply-adds a face"))
    parts: list[Part] = [Tiles(tiles)]
    return Section("summary", "In short", parts)
