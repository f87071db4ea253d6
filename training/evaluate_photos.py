"""Step 5: evaluate the whole pipeline, from photo to result, on photos of other people.

    python -m training.evaluate_photos [--photos FOLDER|ARCHIVE|none]

The photos (with labels.csv: path,smile) are for evaluation only, never for training. Only the
largest face counts; a photo in which no face is found counts as an error. Adds the metrics of the
photo pipeline (``python -m smile_vision``) and of the video pipeline (the edge device) to
metrics.json and the model card. Without photos, the step is skipped. Takes about a minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smile_vision.errors import VisionError
from smile_vision.smiles.classifier import SmileClassifier
from training.command_line import add_photos_option, command_parser, run_command
from training.data.photos import LABELS, chosen_photos
from training.data.source import open_source
from training.errors import TrainingError
from training.evaluation.metrics_document import metrics_text
from training.evaluation.model_document import write_block
from training.evaluation.pipelines import photo_metrics, photo_pipeline, video_pipeline
from training.workspace import CARD, METRICS, display_path, read_json, write_json

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = command_parser("training.evaluate_photos", __doc__)
    add_photos_option(parser)
    options = parser.parse_args(arguments)
    photos = chosen_photos(options.photos)
    if photos is None:
        print(f"skipped whole photos: give --photos a folder or an archive with {LABELS}")
        return
    try:
        threshold = SmileClassifier.load().model_card.threshold
        pipelines = {
            "whole_photos": photo_pipeline(),
            "whole_photos_as_video": video_pipeline(),
        }
    except VisionError as error:
        raise TrainingError(str(error)) from error
    measured = {}
    with open_source(photos) as source:
        for name, pipeline in pipelines.items():
            metrics = photo_metrics(source.folder, pipeline, threshold)
            print(_summary("video" if name == "whole_photos_as_video" else "photo", metrics))
            measured[name] = {"data": source.name, "data_sha256": source.sha256, **metrics}
    _save(measured)
    print(f"added to {display_path(METRICS)}")


def _save(measured: dict[str, Any]) -> None:
    metrics = {**read_json(METRICS, made_by="python -m training.evaluate"), **measured}
    write_json(METRICS, metrics)
    write_block("metrics", metrics_text(metrics))
    card = read_json(CARD, made_by="python -m training.evaluate")
    photos = measured["whole_photos"]
    card["metrics"]["whole_photos"] = {
        "photos": photos["photos"],
        "accuracy": photos["accuracy_all_photos"],
        "auc": photos["found_faces"]["auc"],
        "calibration_error": photos["found_faces"]["calibration_error"],
    }
    write_json(CARD, card)


def _summary(pipeline: str, metrics: dict[str, Any]) -> str:
    found = metrics["found_faces"]
    return (
        f"{metrics['photos']:,} photos, {pipeline} pipeline:"
        f" accuracy {metrics['accuracy_all_photos']:.4f}"
        f" ({metrics['no_face_found']} without a face count as errors),"
        f" AUC {found['auc']:.4f}, calibration error {found['calibration_error']:.4f};"
        f" best possible threshold {metrics['best_threshold']:.3f}"
        f" (accuracy {metrics['accuracy_at_best_threshold']:.4f} on the faces found)"
    )


if __name__ == "__main__":
    run_command(main)
