"""The drawn diagrams are those of their sources, are shown somewhere, and name what exists."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from edge_lambda.settings import SmileSettings
from tests.helpers.template import load_template

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "docs" / "diagrams"
SOURCES = sorted(FOLDER.glob("*.dot"))
_LABEL = re.compile(r'label="([^"]+)"')


def texts(svg: str) -> set[str]:
    """Return the lines of text in a drawing."""
    return {html.unescape(one).strip() for one in re.findall(r"<text[^>]*>([^<]*)</text>", svg)}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_a_drawing_has_the_texts_and_colours_of_its_source(source: Path) -> None:
    """Run ``make diagrams`` when this fails."""
    dot, svg = source.read_text("utf-8"), source.with_suffix(".svg").read_text("utf-8")
    expected = {line.strip() for label in _LABEL.findall(dot) for line in label.split(r"\n")}
    assert expected <= texts(svg)
    assert (FOLDER / "theme.css").read_text("utf-8") in svg, "colours for the light and dark theme"


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_a_drawing_is_shown_in_a_document(source: Path) -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    image = f"diagrams/{source.stem}.svg)"
    assert any(image in one.read_text("utf-8") for one in documents)


def test_delivery_names_the_queues_of_the_template_with_their_retention() -> None:
    resources = load_template()["Resources"]
    drawn = re.findall(r'"(\w+Queue)\\n(\d+) days"', (FOLDER / "delivery.dot").read_text("utf-8"))
    assert len(drawn) == 4
    for name, days in drawn:
        seconds = resources[name]["Properties"]["MessageRetentionPeriod"]
        assert seconds == int(days) * 24 * 3600, name


def test_life_of_a_smile_names_settings_of_the_device() -> None:

    drawn = (FOLDER / "life-of-a-smile.dot").read_text("utf-8").replace(r"\n", " ")
    named = set(re.findall(r"\b(threshold_\w+|min_\w+_ms|max_\w+_ms)\b", drawn))
    assert named == {"threshold_on", "threshold_off", "min_duration_ms", "max_gap_ms"}
    assert named <= SmileSettings.model_fields.keys()
