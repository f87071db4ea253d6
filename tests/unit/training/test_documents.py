"""docs/model.md, the model card and the committed metrics agree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.errors import TrainingError
from training.evaluation.metrics_document import metrics_text
from training.evaluation.model_document import markers, write_block
from training.evaluation.robustness_document import robustness_text
from training.workspace import (
    CARD,
    DOCUMENT,
    METRICS,
    MINIMUM_METRICS,
    MODEL,
    ROBUSTNESS,
    sha256_of_file,
)


def test_document_states_the_committed_metrics() -> None:
    metrics = json.loads(METRICS.read_text())
    robustness = json.loads(ROBUSTNESS.read_text())
    assert robustness["model_sha256"] == metrics["model"]["sha256"]
    assert metrics_text(metrics) in DOCUMENT.read_text()
    assert robustness_text(robustness) in DOCUMENT.read_text()


@pytest.mark.parametrize("name", ["metrics", "robustness"])
def test_document_is_unchanged_when_its_block_is_written_again(tmp_path: Path, name: str) -> None:
    results = {
        "metrics": metrics_text(json.loads(METRICS.read_text())),
        "robustness": robustness_text(json.loads(ROBUSTNESS.read_text())),
    }
    document = tmp_path / "model.md"
    document.write_bytes(DOCUMENT.read_bytes())
    write_block(name, results[name], document)
    assert document.read_bytes() == DOCUMENT.read_bytes()


def test_card_and_metrics_belong_to_the_shipped_file() -> None:
    card, metrics = json.loads(CARD.read_text()), json.loads(METRICS.read_text())
    assert card["sha256"] == metrics["model"]["sha256"] == sha256_of_file(MODEL)
    assert card["metrics"]["accuracy"] == metrics["test"]["accuracy"]
    assert card["metrics"]["auc"] == metrics["test"]["auc"]
    assert card["threshold_off"] < card["threshold"] < card["threshold_on"]
    assert MODEL.stat().st_size <= json.loads(MINIMUM_METRICS.read_text())["bytes_max"]


def test_text_between_the_markers_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    document = tmp_path / "model.md"
    start, end = markers("metrics")
    document.write_text(f"before\n{start}\nold\n{end}\nafter\n")
    write_block("metrics", "new\n", document)
    write_block("metrics", "new\n", document)
    assert document.read_text() == f"before\n{start}\nnew\n{end}\nafter\n"


@pytest.mark.parametrize("content", [None, "no markers", "twice"])
def test_document_is_rejected_when_its_markers_are_not_there_once(
    tmp_path: Path, content: str | None
) -> None:
    document = tmp_path / "model.md"
    if content is not None:
        document.write_text(content if content != "twice" else 2 * "\n".join(markers("metrics")))
    with pytest.raises(TrainingError, match=r"model\.md: expected the lines .*metrics"):
        write_block("metrics", "new\n", document)


def test_parts_are_left_out_when_they_were_not_measured() -> None:
    metrics = json.loads(METRICS.read_text())
    for name in ("whole_photos", "whole_photos_as_video", "calibration"):
        del metrics[name]
    del metrics["test_where_annotators_agree"]
    text = metrics_text(metrics)
    assert "photo" not in text
    assert "calibration" not in text
    assert "both annotators agree" not in text
    assert "test set, original labels | 2,484 | 0.912 (0.900 to 0.922) | 0.977 | 91.9%" in text


def test_photos_are_described_with_and_without_the_video_pipeline() -> None:
    metrics = json.loads(METRICS.read_text())
    text = metrics_text(metrics)
    assert "| 1,000 whole photos of other people |" in text
    assert "(`python -m smile_vision`) | 0.959 (0.945 to 0.970) | 0.989 | 0 |" in text
    assert "| video pipeline (edge device) | 0.954" in text
    assert "counts as 0.5, and 0.021 on the photos. Against" in text
    del metrics["whole_photos_as_video"]
    assert "video" not in metrics_text(metrics)
    del metrics["whole_photos"]
    assert "counts as 0.5. Against the first annotator alone it is 0.045" in metrics_text(metrics)


def test_robustness_is_a_row_per_corruption_and_per_attribute() -> None:
    row = {"pictures": 10, "accuracy": 0.9, "true_positive": 4, "true_negative": 5}
    row["accuracy_95"] = [0.6, 0.98]
    none = {"corruption": "none", "setting": "-", "required": True, **row}
    blur = [{"corruption": "blur", "setting": f"{n} px", "required": n < 2, **row} for n in (1, 2)]
    slices = [
        {"attribute": "turned", "present": True, **row},
        {"attribute": "turned", "present": False, **row},
        {"attribute": "hard_light", "present": False, **row},
        {"attribute": "blurred", "present": True, **row},
    ]
    robustness = {
        "minimum": {"accuracy": 0.95},
        "grid": [none, *blur],
        "small_faces": [{"face_px": 80, **row}, {"face_px": 12, **row}],
        "slices": slices,
    }
    lines = robustness_text(robustness).splitlines()
    assert lines[0] == "| corruption | accuracy; **bold**: 0.95 is required |"
    assert lines[2:5] == [
        "| none | **0.900** |",
        "| blur | 1 px: **0.900**; 2 px: 0.900 |",
        "| whole photo, scaled down to this width of the face | 80 px: 0.900; 12 px: 0.900 |",
    ]
    assert lines[8:] == ["| head turned | 9 of 10 (0.60 to 0.98) | 9 of 10 (0.60 to 0.98) |"]
    assert "whole photo" not in robustness_text({**robustness, "small_faces": []})
