"""Command ``python -m ops.cost``; ``make cost DEVICES=100 EVENTS_PER_DAY=1000`` runs it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

from ops.command_line import CommandParser, run_command
from ops.cost.facts import read_facts
from ops.cost.month import Fleet, Month
from ops.cost.report import render
from ops.cost.tables import load_prices, load_work
from ops.errors import CommandError
from ops.template import load_template

_MOST: Final = 1_000_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    return run_command("cost", lambda: _run(argv))


def report(fleet: Fleet, region: str = "us-east-1", stage: str = "prod") -> str:
    """Return the report of a month.

    Raises
    ------
    CommandError
        When the region has no prices, or the stage does not exist.
    """
    prices = load_prices(region)
    template = load_template()
    architecture = str(template["Parameters"]["Architecture"]["Default"])
    month = Month(read_facts(template, stage), load_work(), prices, architecture)
    return render(fleet, month.lines(fleet), prices, stage)


def _run(argv: Sequence[str] | None) -> int:
    parser = CommandParser(
        "cost", "Estimate what a stage costs a month on AWS.", default_stage="prod"
    )
    parser.add_argument("--devices", required=True, help="number of cameras")
    parser.add_argument("--events-per-day", required=True, help="smiles of each camera in a day")
    parser.add_argument("--region", default="us-east-1", help="default: us-east-1")
    given = parser.parse_args(argv)
    fleet = Fleet(
        _number("DEVICES", given.devices), _number("EVENTS_PER_DAY", given.events_per_day)
    )
    print(report(fleet, given.region, given.stage), end="")
    return 0


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _MOST:
        raise CommandError(f"{name}={text}: expected a whole number from 1 to {_MOST:,}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
