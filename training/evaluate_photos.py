"""Step 5: evaluate the whole pipeline, from photo to result, on photos of other people.

    python -m training.evaluate_photos [--photos FOLDER|ARCHIVE|none] [--attributes FILE]

The photos (with labels.csv: path,smile) are for evaluation only, never for training. Only the
largest face counts; a photo counts as an error when no face is found or the face cannot be scored.
Adds the metrics of the photo pipeline (``python -m smile_vision``) and of the video pipeline (the
edge device) to metrics.json and the model card. For photos-dev.tar.gz it also measures the accuracy
on the clear photos. Groups of people need a table of visible attributes; without it, the recorded
ones stay. Without photos, the step is skipped. Takes about a minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from smile_vision.errors import VisionError
from smile_vision.smiles.classifier import SmileClassifier
from training.command_line import (
    add_attributes_option,
    add_photos_option,
    command_parser,
    run_command,
)
from training.data.photo_clarity import clear_photos
from training.data.photos import LABELS, chosen_photos
from training.data.source import open_source
from training.errors import TrainingError
from training.evaluation.card_document import card_text
from training.evaluation.groups import measured_or_recorded, read_photo_attributes
from training.evaluation.metrics_document import metrics_text
from training.evaluation.model_card import card_with_photo_groups, card_with_photos
from training.evaluation.model_document import write_block
from training.evaluation.photo_metrics import (
    PhotoScores,
    clear_photo_metrics,
    photo_groups,
    photo_score_metrics,
)
from training.evaluation.pipelines import photo_pipeline, score_photos, video_pipeline
from training.workspace import CARD, METRICS, display_path, read_json, write_json

__all__ = ["main"]

_GROUPS_OF = "whole photos, with attributes that one annotator saw in the photo"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = command_parser("training.evaluate_photos", __doc__)
    add_photos_option(parser)
    add_attributes_option(parser, "path")
    options = parser.parse_args(arguments)
    photos = chosen_photos(options.photos)
    if photos is None:
        print(f"skipped whole photos: give --photos a folder or an archive with {LABELS}")
        return
    recorded = read_json(METRICS, made_by="python -m training.evaluate")
    try:
        card = SmileClassifier.load().model_card
        photo, video = photo_pipeline(), video_pipeline()
    except VisionError as error:
        raise TrainingError(str(error)) from error
    with open_source(photos) as source:
        origin = {"data": source.name, "data_sha256": source.sha256}
        scores = score_photos(source.folder, photo)
        as_video = score_photos(source.folder, video)
    threshold = card.threshold
    measured = {
        "whole_photos": {
            **origin,
            **photo_score_metrics(scores, threshold),
            **clear_photo_metrics(scores, clear_photos(), threshold),
        },
        "whole_photos_as_video": {**origin, **photo_score_metrics(as_video, threshold)},
        "photo_groups": measured_or_recorded(
            options.attributes,
            lambda table: _groups(scores, table, threshold),
            recorded.get("photo_groups"),
            evaluated_on=_GROUPS_OF,
            model_sha256=card.sha256,
        ),
    }
    _show(measured)
    _save({**recorded, **measured})
    print(f"added to {display_path(METRICS)}")


def _groups(scores: PhotoScores, table: Path, threshold: float) -> list[dict[str, Any]]:
    return photo_groups(scores, read_photo_attributes(table), threshold)


def _save(metrics: dict[str, Any]) -> None:
    write_json(METRICS, metrics)
    write_block("metrics", metrics_text(metrics))
    card = read_json(CARD, made_by="python -m training.evaluate")
    card = card_with_photos(card, metrics["whole_photos"])
    card = card_with_photo_groups(card, metrics["photo_groups"])
    write_json(CARD, card)
    write_block("card", card_text(card))


def _show(measured: dict[str, Any]) -> None:
    print(_summary("photo", measured["whole_photos"]))
    print(_summary("video", measured["whole_photos_as_video"]))
    if clear := measured["whole_photos"].get("clear"):
        print(
            f"{clear['photos']:,} photos on which two looks agree, photo pipeline:"
            f" accuracy {clear['accuracy_all_photos']:.4f}, AUC {clear['found_faces']['auc']:.4f}"
        )
    groups = measured["photo_groups"]
    if not groups["rows"]:
        print("skipped groups of people: give --attributes a table")


def _summary(pipeline: str, metrics: dict[str, Any]) -> str:
    found = metrics["found_faces"]
    return (
        f"{metrics['photos']:,} photos, {pipeline} pipeline:"
        f" accuracy {metrics['accuracy_all_photos']:.4f}"
        f" ({metrics['no_face_found']} without a face and {metrics['not_scored']} without a score"
        " count as errors),"
        f" AUC {found['auc']:.4f}, calibration error {found['calibration_error']:.4f};"
        f" best possible threshold {metrics['best_threshold']:.3f}"
        f" (accuracy {metrics['accuracy_at_best_threshold']:.4f} on the scored faces)"
    )


if __name__ == "__main__":
    run_command(main)
