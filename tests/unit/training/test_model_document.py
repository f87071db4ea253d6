"""The document people read says what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.errors import TrainingError
from training.evaluation.document_block import DOCUMENT
from training.evaluation.metrics_document import MARKS, figures_text, write_figures
from training.evaluation.robustness_document import robustness_text
from training.robustness import ROBUSTNESS
from training.workspace import CARD, METRICS, MODEL, sha256_of_file


def test_document_states_the_committed_figures_when_read() -> None:
    metrics = json.loads(METRICS.read_text())
    robustness = json.loads(ROBUSTNESS.read_text())
    assert robustness["model_sha256"] == metrics["model"]["sha256"]
    assert figures_text(metrics) in DOCUMENT.read_text()
    assert robustness_text(robustness) in DOCUMENT.read_text()


def test_card_and_metrics_belong_to_the_shipped_file_when_read() -> None:
    card, metrics = json.loads(CARD.read_text()), json.loads(METRICS.read_text())
    assert card["sha256"] == metrics["model"]["sha256"] == sha256_of_file(MODEL)
    assert card["metrics"]["accuracy"] == metrics["test"]["accuracy"] >= 0.90
    assert card["metrics"]["auc"] == metrics["test"]["auc"] >= 0.965
    assert card["threshold_off"] < card["threshold"] < card["threshold_on"]
    assert MODEL.stat().st_size < 200_000


def test_figures_are_replaced_and_the_rest_stays_when_written_again(tmp_path: Path) -> None:
    metrics = json.loads(METRICS.read_text())
    document = tmp_path / "model.md"
    start, end = MARKS
    document.write_text(f"before\n{start}\nold\n{end}\nafter\n")
    write_figures(metrics, document)
    write_figures(metrics, document)
    assert document.read_text() == (f"before\n{start}\n{figures_text(metrics)}{end}\nafter\n")


def test_document_is_refused_when_its_marks_are_missing(tmp_path: Path) -> None:
    document = tmp_path / "model.md"
    document.write_text("no marks")
    with pytest.raises(TrainingError, match=r"model\.md: expected the lines"):
        write_figures(json.loads(METRICS.read_text()), document)
