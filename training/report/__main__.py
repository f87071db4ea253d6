"""Write the report: build/report/index.html, and its charts as PNG files beside it.

    python -m training.report [--data …] [--photos …] [--out FOLDER] [--docs]

Runs the shipped file on the data that are here; what is not here is named on the page. The page
holds pictures of people and stays in build/; the PNG files hold none. Takes about a minute, two
when the faces of the photos have to be found.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Sequence
from pathlib import Path

from training.command_line import run_command
from training.report.inputs import Facts, gather
from training.report.page import Chart, Section, render
from training.report.sections import (
    calibration,
    classification,
    comparison,
    data,
    learning,
    mistakes,
    robustness,
    speed,
)
from training.report.sections.summary import summary
from training.workspace import REPOSITORY, display_path, write_atomically

__all__ = ["main", "write_report"]

REPORT = REPOSITORY / "build" / "report"
DOCS = REPOSITORY / "docs" / "report"
DOCS_CHARTS = ("roc", "reliability-photos", "comparison")
TITLE = "The smile model, in figures"


def sections_of(facts: Facts) -> list[Section]:
    """Return the page's sections, in reading order."""
    makers = (
        summary,
        classification.section,
        calibration.section,
        comparison.section,
        robustness.section,
        speed.section,
        learning.section,
        data.section,
        mistakes.section,
    )
    return [maker(facts) for maker in makers]


def write_report(facts: Facts, folder: Path) -> list[Chart]:
    """Write index.html and the charts into a folder; return the charts."""
    sections = sections_of(facts)
    lead = (
        "What the small network in this project does with faces it has never seen: every figure is"
        " drawn from the shipped file, run when this page was made, or from the figures committed"
        " beside it. It judges a smile expression, not what anybody feels."
    )
    footer = (
        f"Made by make report. Shipped file {facts.card['file']}, sha256 {facts.card['sha256']}."
        f" Python {platform.python_version()}. Pictures of people on this page are not part of the"
        " project: do not publish them."
    )
    page = render(TITLE, lead, sections, footer)
    write_atomically(folder / "index.html", page.encode())
    charts = [part for section in sections for part in section.parts if isinstance(part, Chart)]
    for chart in charts:
        write_atomically(folder / f"{chart.name}.png", chart.png)
    return charts


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the step from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.report",
        description="Write one HTML page that shows what the shipped model does.",
    )
    parser.add_argument("--data", help="folder, archive or git URL of SMILEsmileD")
    parser.add_argument("--photos", help="folder or archive with labels.csv (path,smile), or none")
    parser.add_argument("--out", type=Path, default=REPORT, help="default build/report")
    parser.add_argument(
        "--docs", action="store_true", help="also put the charts that documents show in docs/report"
    )
    options = parser.parse_args(arguments)
    facts = gather(options.data or None, options.photos or None)
    charts = write_report(facts, options.out)
    print(f"{display_path(options.out / 'index.html')}: {len(charts)} charts")
    for name in facts.missing:
        print(f"  not available: {name} (the page says why)")
    if options.docs:
        for chart in charts:
            if chart.name in DOCS_CHARTS:
                write_atomically(DOCS / f"{chart.name}.png", chart.png)
        print(f"charts for documents in {display_path(DOCS)}")


if __name__ == "__main__":
    run_command(main)
