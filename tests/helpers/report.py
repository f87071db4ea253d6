"""What the tests of the report share: predictions, and the parts of a section."""

from __future__ import annotations

import numpy as np

from training.report.inputs import Predictions
from training.report.page import Chart, Missing, Section, Table

__all__ = ["chart_of", "make_predictions", "missing_in", "rows_of"]


def make_predictions(scores: list[float], smile: list[bool]) -> Predictions:
    count = len(scores)
    return Predictions(
        "some",
        np.array(scores),
        np.array(smile),
        np.zeros((count, 64, 64), dtype=np.uint8),
        np.array([f"number {place}" for place in range(count)]),
    )


def rows_of(section: Section, caption: str) -> dict[str, tuple[str, ...]]:
    tables = [part for part in section.parts if isinstance(part, Table) and caption in part.caption]
    assert len(tables) == 1
    return {row[0]: tuple(row[1:]) for row in tables[0].rows}


def missing_in(section: Section) -> str:
    return " ".join(part.text for part in section.parts if isinstance(part, Missing))


def chart_of(section: Section, name: str) -> Chart:
    return next(p for p in section.parts if isinstance(p, Chart) and p.name == name)
