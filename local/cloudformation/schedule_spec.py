"""The schedules that invoke functions: ``Events`` of the type ScheduleV2."""

from __future__ import annotations

import re
from dataclasses import dataclass

from local.cloudformation.function_events import function_events
from local.cloudformation.resolver import Resolver
from local.cloudformation.template import Template, check_keys
from local.errors import TemplateError

_KEYS = {"Description", "OmitName", "RetryPolicy", "ScheduleExpression", "State"}
_RATE = re.compile(r"rate\(([1-9][0-9]*) (minute|hour|day)s?\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}


@dataclass(frozen=True)
class ScheduleSpec:
    """One schedule of EventBridge Scheduler.

    Attributes
    ----------
    function : str
        Logical id of the function.
    every_s : float
        Time between two invocations.
    """

    function: str
    every_s: float


def schedule_specs(template: Template, resolver: Resolver) -> list[ScheduleSpec]:
    """Return the enabled schedules.

    Raises
    ------
    TemplateError
        When one uses something that is not supported here, such as a cron expression.
    """
    specs = []
    for event in function_events(template, resolver, "ScheduleV2"):
        check_keys(event.properties, _KEYS, event.place)
        if event.properties.get("State", "ENABLED") == "DISABLED":
            continue
        text = str(event.properties.get("ScheduleExpression"))
        rate = _RATE.fullmatch(text)
        if rate is None:
            place = f"{event.place}.ScheduleExpression"
            raise TemplateError(place, f"{text} is not supported locally, only rate(1 minute)")
        specs.append(ScheduleSpec(event.function, int(rate[1]) * _SECONDS[rate[2]]))
    return specs
