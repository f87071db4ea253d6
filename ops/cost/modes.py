"""What a stage costs with each capacity mode of its table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ops.cost.capacity import recommended
from ops.cost.compare import total
from ops.cost.facts import read_facts
from ops.cost.month import Fleet, Month
from ops.cost.tables import Prices


@dataclass(frozen=True, slots=True)
class Modes:
    """What the stage costs with each capacity mode.

    Attributes
    ----------
    dollars : Mapping of str to float
        A month, by the value of the parameter ``TableCapacity``.
    parameters : Mapping of str to str
        Parameters that provision what the fleet needs.
    """

    dollars: Mapping[str, float]
    parameters: Mapping[str, str]


class Stage:
    """A stage as the template describes it.

    Parameters
    ----------
    template : Mapping
        As written.
    stage : str
    work : Mapping
        See ``work.toml``.
    prices : Prices
    """

    def __init__(
        self, template: Mapping[str, Any], stage: str, work: Mapping[str, Any], prices: Prices
    ) -> None:
        self._template = template
        self._stage = stage
        self._work = work
        self._prices = prices

    def month(self, given: Mapping[str, str]) -> Month:
        """Return the month with `given` parameters; the others have their defaults.

        Raises
        ------
        CommandError
            When the template has no such stage.
        """
        facts = read_facts(self._template, self._stage, given)
        default = self._template["Parameters"]["Architecture"]["Default"]
        return Month(facts, self._work, self._prices, given.get("Architecture", default))

    def modes(self, fleet: Fleet, given: Mapping[str, str]) -> Modes:
        """Return what both modes cost, provisioned as `given` or else as the fleet needs it."""
        facts = read_facts(self._template, self._stage, given)
        parameters = recommended(facts.scalings, self.month(given).uses(fleet))
        provisioned = given if facts.is_provisioned else {**given, **parameters}
        months = {
            "on-demand": self.month({**given, "TableCapacity": "on-demand"}),
            "provisioned": self.month(provisioned),
        }
        dollars = {mode: total(month.lines(fleet)) for mode, month in months.items()}
        return Modes(dollars, parameters)
