"""Write the report: build/report/index.html, and its charts as PNG files beside it.

    python -m training.report [--data …] [--photos …] [--out FOLDER] [--docs]

Runs the shipped model on the data that are on this machine; the page names data that are missing.
The page holds pictures of people and stays in build/. The PNG files hold no people. Takes about a
minute.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Sequence
from pathlib import Path

from training.command_line import run_command
from training.report.inputs import ReportInputs, gather_inputs
from training.report.page import Chart, render
from training.report.sections import (
    calibration,
    classification,
    comparison,
    data,
    learning,
    mistakes,
    refused,
    robustness,
    speed,
    summary,
    votes,
)
from training.workspace import REPOSITORY, display_path, write_atomically

__all__ = ["main", "write_report"]

REPORT = REPOSITORY / "build" / "report"
DOCS = REPOSITORY / "docs" / "report"
DOCS_CHARTS = ("roc", "reliability-photos", "comparison")
SECTIONS = (
    summary,
    classification,
    calibration,
    comparison,
    votes,
    refused,
    robustness,
    speed,
    learning,
    data,
    mistakes,
)


def write_report(inputs: ReportInputs, folder: Path) -> list[Chart]:
    """Write index.html and the charts into a folder; return the charts."""
    sections = [module.section(inputs) for module in SECTIONS]
    page = render(
        "Smile model report",
        "How the shipped smile classifier performs on faces it was not trained on. The model"
        " recognises a smile expression. It does not detect what people feel.",
        sections,
        f"Written by `make report` with Python {platform.python_version()}. Model file"
        f" {inputs.model_card['file']}, SHA-256 {inputs.model_card['sha256']}. The pictures of"
        " people on this page are not part of the project: do not publish them.",
    )
    write_atomically(folder / "index.html", page.encode())
    charts = [part for section in sections for part in section.parts if isinstance(part, Chart)]
    for chart in charts:
        write_atomically(folder / f"{chart.name}.png", chart.png)
    return charts


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.report",
        description="Write one HTML page with the metrics and charts of the shipped model.",
    )
    parser.add_argument("--data", help="folder, archive or git URL of SMILEsmileD")
    parser.add_argument("--photos", help="folder or archive with labels.csv (path,smile), or none")
    parser.add_argument("--out", type=Path, default=REPORT, help="default: build/report")
    parser.add_argument(
        "--docs", action="store_true", help="also write the charts of the documentation"
    )
    options = parser.parse_args(arguments)
    inputs = gather_inputs(options.data or None, options.photos or None)
    charts = write_report(inputs, options.out)
    print(f"{display_path(options.out / 'index.html')}: {len(charts)} charts")
    for name in inputs.missing:
        print(f"  not available: {name} (the page says how to get it)")
    if options.docs:
        for chart in charts:
            if chart.name in DOCS_CHARTS:
                write_atomically(DOCS / f"{chart.name}.png", chart.png)
        print(f"charts for the documentation in {display_path(DOCS)}")


if __name__ == "__main__":
    run_command(main)
