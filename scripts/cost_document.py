"""Write the output of ``make cost`` into docs/cost.md: ``python -m scripts.cost_document``."""

from __future__ import annotations

from typing import Final

from bench.report import write_section
from ops.cost.__main__ import report
from ops.cost.modes import Stage
from ops.cost.month import Fleet
from ops.cost.tables import load_prices, load_work
from ops.template import TEMPLATE, load_template

DOCUMENT: Final = TEMPLATE.parent / "docs" / "cost.md"
FLEETS: Final = (1, 10, 100, 1_000)
EVENTS_PER_DAY: Final = 1_000


def main() -> None:
    """Write the tables."""
    prices = load_prices("us-east-1")
    stage = Stage(load_template(), "prod", load_work(), prices)
    rows = [
        "| cameras | the stage, a month | each camera, a month | each, with a provisioned table |",
        "|---:|---:|---:|---:|",
    ]
    for devices in FLEETS:
        fleet = Fleet(devices, EVENTS_PER_DAY)
        dollars, provisioned = stage.modes(fleet, {}).dollars.values()
        each = f"${dollars / devices:.3f} | ${provisioned / devices:.3f}"
        rows.append(f"| {devices:,} | ${dollars:,.2f} | {each} |")
    write_section(DOCUMENT, "each", "\n".join(rows))
    blocks = [f"```\n{report(Fleet(devices, EVENTS_PER_DAY))}```" for devices in FLEETS]
    write_section(DOCUMENT, "output", "\n\n".join(blocks))


if __name__ == "__main__":
    main()
