"""docs/model.md, the model card and the committed metrics agree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.errors import TrainingError
from training.evaluation.card_document import card_text, limits_text
from training.evaluation.metrics_document import metrics_text
from training.evaluation.model_document import markers, write_block
from training.evaluation.robustness_document import robustness_text
from training.workspace import (
    CARD,
    DOCUMENT,
    METRICS,
    METRICS_BEFORE,
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


@pytest.mark.parametrize("name", ["card", "metrics", "robustness", "limits"])
def test_document_is_unchanged_when_its_block_is_written_again(tmp_path: Path, name: str) -> None:
    card = json.loads(CARD.read_text())
    results = {
        "card": card_text(card),
        "limits": limits_text(card),
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


OPTIONAL = (
    "whole_photos", "whole_photos_as_video", "calibration", "ferplus", "covered_mouths",
    "photo_groups", "test_where_annotators_agree",
)  # fmt: skip


def _after_comparison(text: str) -> str:
    return text.partition("It scored every face.")[2]


def test_parts_are_left_out_when_they_were_not_measured() -> None:
    metrics = json.loads(METRICS.read_text())
    for name in OPTIONAL:
        del metrics[name]
    text = metrics_text(metrics)
    rest = _after_comparison(text)
    for word in ("photo", "calibration", "both annotators agree", "cannot tell", "baby"):
        assert word not in rest
    assert "test set, original labels | 2,484 | " in rest
    assert "FER+ was skipped: it was not prepared." in rest
    assert "| whole photos of other people: accuracy | 0.959 | not measured |" in text


def test_main_metrics_stand_side_by_side_before_and_now() -> None:
    metrics = json.loads(METRICS.read_text())
    text = metrics_text(metrics)
    before = json.loads(METRICS_BEFORE.read_text())
    agreed, ferplus = metrics["test_where_annotators_agree"], metrics["ferplus"]
    for line in (
        f"whole photos of other people: accuracy | 0.959"
        f" | {metrics['whole_photos']['accuracy_all_photos']:.3f}",
        f"test set, both annotators agree: accuracy | 0.981 | {agreed['accuracy']:.3f}",
        f"FER+, clear votes: accuracy | 0.935 | {ferplus['clear_votes']['accuracy']:.3f}",
        f"FER+: faces called smiling, fear | 15.0%"
        f" | {ferplus['called_smiling']['fear']['share']:.1%}",
        f"FER+: smiles seen, babies"
        f" | {before['ferplus']['groups']['baby']['smiles_seen']['share']:.1%}"
        f" | {ferplus['groups']['baby']['smiles_seen']['share']:.1%}",
        "mouths under a drawn cover: no score | not measured |",
    ):
        assert f"| {line}" in text
    assert "the sha256 `1faf63e930e6667e…`" in text


def test_ferplus_groups_and_covered_mouths_have_counts_and_intervals() -> None:
    metrics = json.loads(METRICS.read_text())
    text = metrics_text(metrics)
    fear = metrics["ferplus"]["called_smiling"]["fear"]
    low, high = fear["share_95"]
    assert (
        f"| fear | {fear['count']} of {fear['pictures']}: {fear['share']:.1%}"
        f" ({low:.1%} to {high:.1%}) |" in text
    )
    cells = next(line for line in text.splitlines() if line.startswith("| baby |")).split(" | ")
    assert [cell.split(" of ")[1].split(":")[0] for cell in cells[1:]] == [
        str(metrics["ferplus"]["groups"]["baby"][part]["pictures"])
        for part in ("smiles_seen", "called_smiling", "refused")
    ]
    covered = metrics["covered_mouths"]["covered_mouths"]
    assert f"| something covers the mouth | {covered['count']:,} of {covered['pictures']:,}" in text
    smiles = metrics["ferplus"]["called_smiling"]["happiness"]
    assert f"| smile | {smiles['count']:,} of {smiles['pictures']:,}" in text
    assert "| visible attribute in whole photos |" in text
    assert "| mouth open | " in text
    assert metrics["photo_groups"]["model_sha256"][:12] in text
    del metrics["ferplus"]["groups"]["baby"]["smiles_seen"]
    assert "| baby | none | " in metrics_text(metrics)
    metrics["photo_groups"]["rows"] = []
    assert "visible attribute" not in metrics_text(metrics)


def test_photos_are_described_with_and_without_the_video_pipeline() -> None:
    metrics = json.loads(METRICS.read_text())
    rest = _after_comparison(metrics_text(metrics))
    photo, video = metrics["whole_photos"], metrics["whole_photos_as_video"]
    assert "| 1,000 whole photos of other people |" in rest
    low, high = photo["accuracy_all_photos_95"]
    assert (
        f"(`python -m smile_vision`) | {photo['accuracy_all_photos']:.3f} ({low:.3f} to {high:.3f})"
        f" | {photo['found_faces']['auc']:.3f} | {photo['no_face_found']} | {photo['not_scored']} |"
        in rest
    )
    assert f"| video pipeline (edge device) | {video['accuracy_all_photos']:.3f}" in rest
    clear = photo["clear"]
    assert f"the 824 clear photos | {clear['accuracy_all_photos']:.3f}" in rest
    error = f"{photo['found_faces']['calibration_error']:.3f}"
    assert f"counts as 0.5, and {error} on the photos. Against" in rest
    del metrics["whole_photos"]["clear"]
    assert "clear photos |" not in _after_comparison(metrics_text(metrics))
    del metrics["whole_photos_as_video"]
    assert "video" not in _after_comparison(metrics_text(metrics))
    del metrics["whole_photos"]
    assert "counts as 0.5. Against the first annotator alone it is" in metrics_text(metrics)


def test_robustness_is_a_row_per_corruption_and_per_attribute() -> None:
    row = {"pictures": 10, "accuracy": 0.9, "true_positive": 4, "true_negative": 5}
    row |= {"accuracy_95": [0.6, 0.98], "refused": {"share": 0.049}}
    none = {"corruption": "none", "setting": "-", "required": True, **row}
    blur = [{"corruption": "blur", "setting": f"{n} px", "required": n < 2, **row} for n in (1, 2)]
    hand = {"corruption": "covered", "setting": "mouth", "required": False, "accuracy": None}
    hand["refused"] = {"share": 0.05}
    rows = [
        {"attribute": "turned", "present": True, **row},
        {"attribute": "turned", "present": False, **row},
        {"attribute": "hard_light", "present": False, **row},
        {"attribute": "blurred", "present": True, **row},
    ]
    robustness = {
        "minimum": {"accuracy": 0.95},
        "grid": [none, *blur, hand],
        "small_faces": [{"face_px": 80, **row}, {"face_px": 12, **row}],
        "groups": {"rows": rows, "model_sha256": "0123456789abcdef"},
    }
    lines = robustness_text(robustness).splitlines()
    assert lines[0] == "| corruption | accuracy; **bold**: 0.95 is required |"
    assert lines[2:6] == [
        "| none | **0.900** |",
        "| blur | 1 px: **0.900**; 2 px: 0.900 |",
        "| covered | mouth: too few scored (5% refused) |",
        "| whole photo, scaled down to this width of the face | 80 px: 0.900; 12 px: 0.900 |",
    ]
    assert lines[9:] == [
        "| head turned | 9 of 10 (0.60 to 0.98) | 9 of 10 (0.60 to 0.98) |",
        "",
        "Model of these groups: sha256 `0123456789ab`.",
    ]
    assert "whole photo" not in robustness_text({**robustness, "small_faces": []})
