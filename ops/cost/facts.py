"""What the cost depends on in the template."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ops.errors import CommandError

_FUNCTION: Final = "AWS::Serverless::Function"
_RATE: Final = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_MINUTES: Final = {"minute": 1, "hour": 60, "day": 1440}


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the template.

    Attributes
    ----------
    memory_mb : int
    is_traced : bool
        Whether X-Ray records its invocations.
    logs_platform : bool
        Whether Lambda adds lines of its own to its log.
    serves_api : bool
    """

    memory_mb: int
    is_traced: bool
    logs_platform: bool
    serves_api: bool


@dataclass(frozen=True, slots=True)
class Source:
    """A queue that invokes a function.

    Attributes
    ----------
    queue, function : str
        Logical ids.
    batch_size : int
    window_s : int
        How long Lambda collects a batch, seconds.
    """

    queue: str
    function: str
    batch_size: int
    window_s: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of AWS IoT.

    Attributes
    ----------
    kind : str
        What its messages are: ``events``, ``status`` or ``presence``.
    targets : tuple of str
        Queues and functions that get each message; empty names stand for other actions.
    """

    kind: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scaling:
    """Auto scaling of one kind of units.

    Attributes
    ----------
    part : str
        ``table`` or ``index``.
    kind : str
        ``write`` or ``read``.
    minimum : int
        Units that are there at any time.
    maximum : int
        Units that auto scaling never exceeds.
    target : float
        Share of the units in use that auto scaling keeps.
    """

    part: str
    kind: str
    minimum: int
    maximum: int
    target: float


@dataclass(frozen=True, slots=True)
class Facts:
    """The template, as far as it costs money."""

    functions: Mapping[str, Function]
    sources: tuple[Source, ...]
    rules: tuple[Rule, ...]
    schedules: Mapping[str, float]  # minutes between two invocations of a function
    counts: Mapping[str, int]  # resources by type
    alarm_metrics: int
    event_days: int
    log_days: int
    has_backups: bool
    is_provisioned: bool
    scalings: tuple[Scaling, ...]


# The parameters of the template that change the estimate.
COUNTED: Final = (
    "AlertBatchSeconds",
    "Architecture",
    "EventRetentionDays",
    "IndexWriteUnits",
    "TableCapacity",
    "TableMaxUnits",
    "TableReadUnits",
    "TableWriteUnits",
)


def read_facts(
    template: Mapping[str, Any], stage: str, given: Mapping[str, str] | None = None
) -> Facts:
    """Return what the cost of a stage depends on.

    Parameters
    ----------
    template : Mapping
        As written.
    stage : str
    given : Mapping of str to str, optional
        Values of parameters; the others have their defaults.

    Raises
    ------
    CommandError
        When the template has no such stage.
    """
    declared = template.get("Parameters", {}).items()
    values = {name: one["Default"] for name, one in declared if "Default" in one} | dict(
        given or {}
    )
    resources: Mapping[str, Any] = template["Resources"]
    stages = template["Mappings"]["StageMap"]
    if stage not in stages:
        raise CommandError(f"STAGE={stage}: expected one of {', '.join(stages)}")
    counts: dict[str, int] = {}
    for one in resources.values():
        counts[one["Type"]] = counts.get(one["Type"], 0) + 1
    default = template["Globals"]["Function"]
    functions = {
        name: _function(default, one["Properties"])
        for name, one in resources.items()
        if one["Type"] == _FUNCTION
    }
    return Facts(
        functions,
        tuple(_sources(resources, values)),
        tuple(_rules(resources)),
        dict(_schedules(resources)),
        counts,
        sum(
            _metrics(one["Properties"])
            for one in resources.values()
            if one["Type"] == "AWS::CloudWatch::Alarm"
        ),
        _days(values["EventRetentionDays"], stages[stage]["EventRetentionDays"]),
        int(stages[stage]["LogRetentionDays"]),
        stage != "dev",
        values["TableCapacity"] == "provisioned",
        tuple(_scalings(resources, values)),
    )


def name_of(value: Any) -> str:
    """Return the logical id in ``!Ref X``, ``!GetAtt X.Arn`` or ``!Sub ${X.Arn}``."""
    text = next(iter(value.values())) if isinstance(value, dict) else value
    return str(text).removeprefix("${").partition(".")[0]


def _function(default: Mapping[str, Any], own: Mapping[str, Any]) -> Function:
    properties = {**default, **own}
    tracing = properties.get("Tracing", "PassThrough")
    if isinstance(tracing, dict):  # !Select [0, [Active, …]]
        tracing = tracing["!Select"][1][0]
    logging = {**default.get("LoggingConfig", {}), **own.get("LoggingConfig", {})}
    return Function(
        int(properties["MemorySize"]),
        tracing == "Active",
        logging.get("SystemLogLevel", "INFO") != "WARN",
        any(event["Type"] == "Api" for event in _events(properties)),
    )


def _events(properties: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(properties.get("Events", {}).values())


def _each_event(resources: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for name, one in resources.items():
        if one["Type"] == _FUNCTION:
            for event in _events(one["Properties"]):
                yield name, event["Type"], event.get("Properties", {})


def _days(given: str, of_stage: str) -> int:
    return int(of_stage if given == "stage" else given)


def _number(value: Any, values: Mapping[str, str]) -> int:
    """Return a number that the template states, or the parameter that it names."""
    return int(values[value["!Ref"]] if isinstance(value, dict) else value)


def _sources(resources: Mapping[str, Any], values: Mapping[str, str]) -> Iterator[Source]:
    for name, kind, event in _each_event(resources):
        if kind == "SQS":
            window_s = _number(event.get("MaximumBatchingWindowInSeconds", 0), values)
            yield Source(name_of(event["Queue"]), name, int(event.get("BatchSize", 10)), window_s)


def _scalings(resources: Mapping[str, Any], values: Mapping[str, str]) -> Iterator[Scaling]:
    for one in resources.values():
        if one["Type"] == "AWS::ApplicationAutoScaling::ScalingPolicy":
            properties = one["Properties"]
            target = resources[name_of(properties["ScalingTargetId"])]["Properties"]
            _, part, units = target["ScalableDimension"].split(":")
            tracking = properties["TargetTrackingScalingPolicyConfiguration"]
            yield Scaling(
                part,
                "write" if units.startswith("Write") else "read",
                _number(target["MinCapacity"], values),
                _number(target["MaxCapacity"], values),
                float(tracking["TargetValue"]) / 100,
            )


def _schedules(resources: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, kind, event in _each_event(resources):
        if kind.startswith("Schedule"):
            expression = str(event.get("Schedule", event.get("ScheduleExpression")))
            found = _RATE.fullmatch(expression)
            if found is None:
                raise CommandError(f"template: {name}: expected rate(…), got {expression}")
            yield name, float(int(found[1]) * _MINUTES[found[2]])


def _rules(resources: Mapping[str, Any]) -> Iterator[Rule]:
    for one in resources.values():
        if one["Type"] == "AWS::IoT::TopicRule":
            payload = one["Properties"]["TopicRulePayload"]
            [topic] = re.findall(r"FROM '([^']+)'", payload["Sql"])
            targets = (_target(action) for action in payload["Actions"])
            presence = topic.startswith("$aws/events/presence")
            yield Rule("presence" if presence else topic.rpartition("/")[2], tuple(targets))


def _target(action: Mapping[str, Any]) -> str:
    [given] = action.values()
    target = given.get("QueueUrl", given.get("FunctionArn"))
    return "" if target is None else name_of(target)


def _metrics(alarm: Mapping[str, Any]) -> int:
    """Return how many metrics an alarm is charged for."""
    return sum("MetricStat" in one for one in alarm["Metrics"]) if "Metrics" in alarm else 1
