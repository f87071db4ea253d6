"""Command ``python -m ops.cost``; ``make cost DEVICES=100 EVENTS_PER_DAY=1000`` runs it."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from ops.command_line import CommandParser, run_command
from ops.cost.facts import COUNTED
from ops.cost.modes import Stage
from ops.cost.month import Fleet
from ops.cost.report import render
from ops.cost.tables import load_prices, load_work
from ops.errors import CommandError
from ops.parameters import parse_parameters
from ops.template import load_template

_MOST: Final = 1_000_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    return run_command("cost", lambda: _run(argv))


def report(
    fleet: Fleet,
    region: str = "us-east-1",
    stage: str = "prod",
    given: Mapping[str, str] | None = None,
) -> str:
    """Return the report of a month.

    Parameters
    ----------
    fleet : Fleet
    region, stage : str
    given : Mapping of str to str, optional
        Values of parameters of the template; the others have their defaults.

    Raises
    ------
    CommandError
        When the region has no prices, or the stage does not exist.
    """
    prices, chosen = load_prices(region), given or {}
    described = Stage(load_template(), stage, load_work(), prices)
    lines = described.month(chosen).lines(fleet)
    return render(fleet, lines, prices, stage, described.modes(fleet, chosen))


def _run(argv: Sequence[str] | None) -> int:
    parser = CommandParser(
        "cost", "Estimate what a stage costs a month on AWS.", default_stage="prod"
    )
    parser.add_argument("--devices", required=True, help="number of cameras")
    parser.add_argument("--events-per-day", required=True, help="smiles of each camera in a day")
    parser.add_argument("--region", default="us-east-1", help="default: us-east-1")
    parser.add_argument(
        "--parameters",
        default="",
        metavar="'NAME=VALUE NAME=VALUE'",
        help="parameters of the template, as for make deploy; default: their defaults",
    )
    given = parser.parse_args(argv)
    fleet = Fleet(
        _number("DEVICES", given.devices), _number("EVENTS_PER_DAY", given.events_per_day)
    )
    chosen = _chosen(given.parameters)
    print(report(fleet, given.region, given.stage, chosen), end="")
    return 0


def _chosen(text: str) -> dict[str, str]:
    chosen = dict(one.split("=", 1) for one in parse_parameters(text))
    declared = load_template()["Parameters"]
    for name, value in chosen.items():
        if name not in COUNTED:
            raise CommandError(
                f"PARAMETERS: {name} is not in the estimate; expected {', '.join(COUNTED)}"
            )
        if re.fullmatch(declared[name]["AllowedPattern"], value) is None:
            raise CommandError(
                f"PARAMETERS: {name}={value}: {declared[name]['ConstraintDescription']}"
            )
    return chosen


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _MOST:
        raise CommandError(f"{name}={text}: expected a whole number from 1 to {_MOST:,}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
