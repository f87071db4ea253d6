"""`make report` writes a page from the data that are here, and names what is missing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.training_python import needs_training_python, run_training_python

# The report on a machine without the data set, or with synthetic faces as its test set.
REPORT = """
import sys
from pathlib import Path
from training.notebooks import load_notebook_data
from training.report import __main__ as report
from training.report import inputs
out, data = Path(sys.argv[1]), sys.argv[2]
inputs.CROPS = inputs.DEFAULT_DATA = out / "missing"
if data == "synthetic":
    inputs.CROPS = out / "crops.npz"
    load_notebook_data("synthetic").crops.save(inputs.CROPS)
report.DOCS = out / "docs"
report.main(["--out", str(out), "--photos", "none", "--docs"])
"""

pytestmark = [
    pytest.mark.system,
    pytest.mark.xdist_group("report"),  # each page is written once, not once per worker
    needs_training_python,
]


@pytest.fixture(scope="module", params=["missing", "synthetic"])
def report(request: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, str, str]:
    """Write a report; return how it was made, its folder, its page and the printed lines."""
    folder = tmp_path_factory.mktemp("report")
    result = run_training_python(REPORT, folder, request.param)
    assert result.returncode == 0, result.stderr
    page = (folder / "index.html").read_text(encoding="utf-8")
    return request.param, folder, page, result.stdout


def test_page_names_what_is_missing(report: tuple[str, Path, str, str]) -> None:
    data, _, page, printed = report
    crops_are_missing = "Not available: the data set SMILEsmileD is not on this machine." in page
    assert crops_are_missing == (data == "missing")
    assert ("not available: crops" in printed) == (data == "missing")
    assert "Not available: the whole photos are not on this machine." in page
    assert "robustness of the shipped model" not in page
    assert ('class="faces"' in page) == (data == "synthetic")


def test_every_chart_is_on_the_page_and_a_file(report: tuple[str, Path, str, str]) -> None:
    data, folder, page, _ = report
    pictures = re.findall(r"<img [^>]*>", page)
    charts = [picture for picture in pictures if "image/svg+xml" in picture]
    names = {path.stem for path in folder.glob("*.png")}
    assert len(charts) == len(names)
    assert all(re.search(r'alt="[^"]{20,}"', picture) for picture in charts)
    expected = {"data-splits", "label-agreement", "size", "comparison", "robustness", "groups"}
    measured = {"roc", "precision-recall", "scores-test", "reliability-test"}
    assert expected <= names
    assert (measured <= names) == (data == "synthetic")


def test_charts_of_the_documentation_are_written_apart(report: tuple[str, Path, str, str]) -> None:
    data, folder, _, _ = report
    charts = {path.stem for path in (folder / "docs").glob("*.png")}
    assert charts == ({"comparison"} | ({"roc"} if data == "synthetic" else set()))
