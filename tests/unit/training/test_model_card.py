"""The model cards state what people need to know, and what the service reads."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from training.baselines.evaluate import BASELINE_METRICS
from training.baselines.networks import BASELINES
from training.evaluation.calibration import Calibration
from training.evaluation.card_document import card_text
from training.evaluation.card_facts import FACTS, collections_of, data_facts
from training.evaluation.model_card import (
    adapted_card,
    card_with_groups,
    card_with_photo_groups,
    card_with_photos,
    new_card,
)
from training.workspace import CARD, FACE_CHECK_CARD, METRICS, MODEL, REPOSITORY, ROBUSTNESS

CARDS = (CARD, FACE_CHECK_CARD)
FIELDS = (
    "name", "version", "date", "description", "developer", "contact", "licence", "intended_use",
    "excluded_use", "limits", "human_oversight", "operation", "file", "sha256", "bytes",
    "multiply_adds", "input", "output", "threshold", "training_data", "evaluation_data",
    "metrics", "groups",
)  # fmt: skip


def _json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text()))


def _shipped_again(metrics: dict[str, Any]) -> dict[str, Any]:
    fitted = _json(CARD)["calibration"]
    calibration = Calibration(fitted["scale"], fitted["bias"], 0.5)
    return new_card(MODEL, calibration, metrics, collections_of(metrics["data"]))


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_every_field_of_the_card_has_content(path: Path) -> None:
    card = _json(path)
    assert [name for name in FIELDS if not card.get(name)] == []
    assert card["name"] == path.stem


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_version_and_licence_are_those_of_the_project(path: Path) -> None:
    card = _json(path)
    assert card["version"] == tomllib.loads(FACTS.read_text())[path.stem]["version"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", card["version"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", card["date"])
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    licence = card["licence"]
    assert licence["code"] == licence["weights"] == project["license"] == "Apache-2.0"
    text = (REPOSITORY / licence["text"]).read_text()
    assert re.search(r"Apache License\s+Version 2\.0", text)


def test_card_excludes_what_the_ai_act_prohibits() -> None:
    excluded = " ".join(_json(CARD)["excluded_use"])
    assert "at work or in education. Article 5(1)(f) of the EU AI Act prohibits it" in excluded
    assert "Decisions about people" in excluded


def test_card_of_the_shipped_model_is_written_again_from_its_results() -> None:
    metrics = _json(METRICS)
    card = card_with_photos(_shipped_again(metrics), metrics["whole_photos"])
    assert card["metrics"]["whole_photos"]["photos"] == 1000
    card = card_with_photo_groups(card, metrics["photo_groups"])
    robustness = _json(ROBUSTNESS)
    if robustness["groups"]["model_sha256"] == card["sha256"]:
        card = card_with_groups(card, robustness)
    assert card == _json(CARD)


def test_groups_in_photos_are_those_of_this_model() -> None:
    card, groups = _shipped_again(_json(METRICS)), _json(METRICS)["photo_groups"]
    groups["model_sha256"] = card["sha256"]
    results = card_with_photo_groups(card, groups)["groups_in_photos"]["results"]
    assert set(results["glasses"]) == {"pictures", "accuracy", "accuracy_95"}
    groups["model_sha256"] = "0"
    assert card_with_photo_groups(card, groups) == card


def test_card_states_ferplus_and_covered_mouths_when_they_were_measured() -> None:
    metrics = _json(METRICS)
    card = _shipped_again(metrics)
    for name in ("ferplus", "covered_mouths"):
        assert card["metrics"][name] == metrics.pop(name)
        assert name not in _shipped_again(metrics)["metrics"]


def test_card_is_the_same_when_a_training_took_longer() -> None:
    metrics = _json(METRICS)
    card = _shipped_again(metrics)
    metrics["trained_with"]["minutes"] += 1
    assert _shipped_again(metrics) == card
    metrics["trained_with"]["date"] = "2030-01-01"
    assert _shipped_again(metrics) == {**card, "date": "2030-01-01"}


def test_groups_are_not_measured_until_they_are() -> None:
    card = _shipped_again(_json(METRICS))
    assert card["groups"]["results"] == {}
    assert "training.robustness" in card["groups"]["evaluated_on"]
    assert "head turned" in card_with_groups(card, _json(ROBUSTNESS))["groups"]["results"]


def test_collections_are_those_that_were_used() -> None:
    assert collections_of({}) == ["smilesmiled"]
    assert collections_of({"second_annotator": None}) == ["smilesmiled"]
    report = {"second_annotator": "second.csv", "collections": {"ferplus": {}, "office": {}}}
    assert collections_of(report) == ["smilesmiled", "second_annotator", "ferplus", "office"]


def test_card_names_origin_and_licence_of_the_collections_that_were_used() -> None:
    facts = data_facts(["smilesmiled", "ferplus", "office"])
    training, evaluation = facts["training_data"], facts["evaluation_data"]
    assert list(training) == list(evaluation) == ["SMILEsmileD", "FER+", "office"]
    assert all(set(one) == {"source", "content", "labels", "licence"} for one in training.values())
    assert "Goodfellow et al. 2013" in training["FER+"]["source"]
    assert "Barsoum et al. 2016" in training["FER+"]["source"]
    assert "votes: MIT; pictures: unknown, some carry watermarks" in training["FER+"]["licence"]
    assert training["SMILEsmileD"]["licence"].startswith("none")
    assert training["office"]["source"] == "a folder of the user"
    assert "FER+" not in data_facts(["smilesmiled"])["training_data"]


def test_labels_without_pictures_are_not_evaluated_on() -> None:
    facts = data_facts(["second_annotator"])
    assert len(facts["training_data"]) == 1
    assert facts["evaluation_data"] == {}


def test_adapted_card_describes_the_new_file_and_keeps_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    adapted = tmp_path / "adapted.tflite"
    adapted.write_bytes(MODEL.read_bytes() + b" ")
    shipped = _json(CARD)
    card = adapted_card(shipped, adapted, Calibration(1.23456789, -0.123456789, 0.5))
    assert card["sha256"] != shipped["sha256"]
    assert card["bytes"] == shipped["bytes"] + 1
    assert card["calibration"] == {"scale": 1.234568, "bias": -0.123457}
    kept = ("name", "file", "input", "output", "metrics", "threshold_on", "threshold_off")
    assert all(card[name] == shipped[name] for name in kept)
    assert card["date"] == "1970-01-01"
    assert list(card["training_data"]) == [*shipped["training_data"], "own photos"]
    kept = [name for name in shipped["evaluation_data"] if name != "whole photos"]
    assert list(card["evaluation_data"]) == [*kept, "own photos"]
    assert card["groups"]["results"] == {}
    assert "groups_in_photos" not in card
    again = adapted_card(card, adapted, Calibration(1.0, 0.0, 0.5))
    assert again["version"] == card["version"] == shipped["version"] + "+finetuned"


def test_document_has_the_headings_of_a_model_card() -> None:
    headings = [line for line in card_text(_json(CARD)).splitlines() if line.startswith("## ")]
    document = (REPOSITORY / "docs" / "model.md").read_text().splitlines()
    for heading in (
        *headings, "## How to read the score", "## Metrics", "## Groups of people and bad pictures",
        "## Known limits",
    ):  # fmt: skip
        assert document.count(heading) == 1, heading
    assert headings == [
        "## Model details",
        "## Intended use",
        "## Excluded use",
        "## Human oversight and operation",
        "## Training and evaluation data",
    ]


def test_document_states_version_date_licence_and_contact() -> None:
    card = _json(CARD)
    text = card_text(card)
    assert f"| {card['version']}, {card['date']} |" in text
    assert "code: Apache-2.0, weights: Apache-2.0" in text
    assert "| contact | questions and errors: the issues of the repository; security: " in text
    for name in ("intended_use", "excluded_use", "human_oversight", "operation"):
        assert all(f"* {item}\n" in text for item in card[name])
    assert all(data["licence"] in text for data in card["training_data"].values())


def test_report_names_the_baselines_as_their_code_does() -> None:
    recorded = _json(BASELINE_METRICS)["baselines"]
    assert {name: (one["title"], one["origin"]) for name, one in recorded.items()} == {
        one.name: (one.title, one.origin) for one in BASELINES
    }
