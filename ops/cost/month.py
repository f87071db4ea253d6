"""The month of a stage: quantities of what AWS charges for, and what they cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ops.cost.capacity import MONTH_HOURS, Use, needed
from ops.cost.facts import Facts, Source
from ops.cost.tables import Prices

MONTH_DAYS: Final = 30
MONTH_S: Final = MONTH_HOURS * 3600
_GB: Final = 1e9
_PER_UNIT: Final = {"write": "dynamodb_write_units", "read": "dynamodb_read_units"}
_PER_HOUR: Final = {"write": "dynamodb_write_unit_hours", "read": "dynamodb_read_unit_hours"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the bill.

    Attributes
    ----------
    service, what : str
    quantity : float
        In a month.
    unit : str
        Key of the price.
    dollars : float
    grows : bool
        Whether it grows with cameras and events; the others are for the stage.
    """

    service: str
    what: str
    quantity: float
    unit: str
    dollars: float
    grows: bool


@dataclass(frozen=True, slots=True)
class Fleet:
    """What to compute the cost of.

    Attributes
    ----------
    devices : int
    events_per_day : int
        Smiles of each camera.
    """

    devices: int
    events_per_day: int

    @property
    def events(self) -> float:
        """Smiles of all cameras in a month."""
        return float(self.devices * self.events_per_day * MONTH_DAYS)


class Month:
    """Computes the lines of a month.

    Events arrive evenly over the day. That is the dearest case: batches are smallest then.

    Parameters
    ----------
    facts : Facts
    work : Mapping
        See ``work.toml``.
    prices : Prices
    architecture : str
    """

    def __init__(
        self, facts: Facts, work: Mapping[str, Any], prices: Prices, architecture: str = "arm64"
    ) -> None:
        self._facts = facts
        self._work = work
        self._prices = prices
        self._seconds = f"lambda_gb_seconds_{architecture}"

    def lines(self, fleet: Fleet) -> list[Line]:
        """Return the lines, by service."""
        parts = (self._iot, self._queues, self._functions, self._table, self._alerts, self._watch)
        return [line for part in parts for line in part(fleet) if line.quantity]

    def _line(
        self, service: str, what: str, quantity: float, unit: str, *, grows: bool = True
    ) -> Line:
        return Line(service, what, quantity, unit, quantity * self._prices.units[unit], grows)

    def _messages(self, fleet: Fleet, kind: str) -> float:
        """Return the messages of a kind of topic in a month."""
        given = self._work["messages"]
        if kind == "events":
            return fleet.events * float(given["per_event"])
        each = {
            "status": MONTH_S / float(given["heartbeat_s"]),
            "presence": MONTH_DAYS * float(given["presence_per_day"]),
        }
        return fleet.devices * each.get(kind, 0.0)

    def _iot(self, fleet: Fleet) -> Iterator[Line]:
        given = self._work["messages"]
        minutes = fleet.devices * MONTH_S / 60
        yield self._line("IoT Core", "minutes of connection", minutes, "iot_minutes")
        if not given["basic_ingest"]:
            sent = self._messages(fleet, "events")
            yield self._line("IoT Core", "messages with events", sent, "iot_messages")
        beats = self._messages(fleet, "status") * given["metered_per_heartbeat"]
        yield self._line("IoT Core", "heartbeats, retained", beats, "iot_messages")
        rules = sum(self._messages(fleet, rule.kind) for rule in self._facts.rules)
        actions = sum(
            self._messages(fleet, rule.kind) * len(rule.targets) for rule in self._facts.rules
        )
        yield self._line("IoT Core", "rules triggered", rules, "iot_rules")
        yield self._line("IoT Core", "actions of rules", actions, "iot_actions")

    def _received(self, fleet: Fleet, target: str) -> float:
        """Return the messages that rules pass to a queue or function."""
        return sum(
            self._messages(fleet, rule.kind) * rule.targets.count(target)
            for rule in self._facts.rules
        )

    def _batches(self, fleet: Fleet, source: Source) -> float:
        """Return the invocations for a queue, given what a poller finds in a window."""
        messages = self._received(fleet, source.queue)
        pollers = float(self._work["queues"]["pollers"])
        collected = 1 + messages / MONTH_S * source.window_s / pollers
        return messages / min(collected, source.batch_size)

    def _queues(self, fleet: Fleet) -> Iterator[Line]:
        given = self._work["queues"]
        for source in self._facts.sources:
            messages = self._received(fleet, source.queue)
            # Sent and received one by one, which is the upper limit, and deleted in batches.
            requests = 2 * messages + self._batches(fleet, source)
            yield self._line("SQS", f"requests for {source.queue}", requests, "sqs_requests")
        idle = len(self._facts.sources) * given["pollers"] * MONTH_S / given["poll_s"]
        yield self._line("SQS", "polls of empty queues, at most", idle, "sqs_requests", grows=False)

    def _invocations(self, fleet: Fleet) -> Iterator[tuple[str, float, float, bool]]:
        """Yield each function with its invocations, its messages, and whether they grow."""
        for source in self._facts.sources:
            messages = self._received(fleet, source.queue)
            yield source.function, self._batches(fleet, source), messages, True
        for name in self._facts.functions:
            if direct := self._received(fleet, name):
                yield name, direct, direct, True
        for name, minutes in self._facts.schedules.items():
            yield name, MONTH_S / 60 / minutes, 0.0, False
        if "HistoryApiFunction" in self._facts.functions:
            asked = self._work["api"]["requests_per_day"] * MONTH_DAYS
            yield "HistoryApiFunction", float(asked), 0.0, False

    def _functions(self, fleet: Fleet) -> Iterator[Line]:
        for name, invocations, messages, grows in self._invocations(fleet):
            function, work = self._facts.functions[name], self._work_of(name)
            seconds = invocations * work["ms_per_invocation"] + messages * work["ms_per_message"]
            gb_seconds = seconds / 1000 * function.memory_mb / 1024
            logged = invocations * work["log_bytes_per_invocation"]
            logged += messages * work["log_bytes_per_message"]
            if function.logs_platform:
                logged += invocations * self._work["logs"]["platform_bytes"]
            if function.serves_api:
                logged += invocations * self._work["api"]["log_bytes"]
                yield self._line(
                    "API Gateway", "requests", invocations, "api_requests", grows=grows
                )
            for what, quantity, unit in (
                ("invocations", invocations, "lambda_requests"),
                ("GB-seconds", gb_seconds, self._seconds),
            ):
                yield self._line("Lambda", f"{name}: {what}", quantity, unit, grows=grows)
            kept = logged * self._work["logs"]["compression"] * self._facts.log_days / MONTH_DAYS
            for what, quantity, unit in (
                ("GB logged by", logged / _GB, "cloudwatch_log_gb"),
                ("GB kept of the log of", kept / _GB, "cloudwatch_log_gb_months"),
            ):
                yield self._line("CloudWatch logs", f"{what} {name}", quantity, unit, grows=grows)
            if function.is_traced:
                traces = sampled(invocations)
                yield self._line("X-Ray", f"traces of {name}", traces, "xray_traces", grows=grows)

    def _work_of(self, name: str) -> Mapping[str, float]:
        work = self._work["functions"]
        found: Mapping[str, float] = work["default"] | work.get(name, {})
        return found

    def _table(self, fleet: Fleet) -> Iterator[Line]:
        given = self._work["table"]
        gigabytes = fleet.events / MONTH_DAYS * self._facts.event_days * given["event_bytes"] / _GB
        yield from self._units(fleet)
        yield self._line("DynamoDB", "GB of events and index", 2 * gigabytes, "dynamodb_gb_months")
        if self._facts.has_backups:
            yield self._line("DynamoDB", "GB of backups", gigabytes, "dynamodb_backup_gb_months")

    def _units(self, fleet: Fleet) -> Iterator[Line]:
        """Yield what is paid for reads and writes: each unit, or the units that are kept ready."""
        uses = self.uses(fleet)
        if not self._facts.is_provisioned:
            for use in uses:
                yield self._line(
                    "DynamoDB", f"{use.kind} units, {use.what}", use.units, _PER_UNIT[use.kind]
                )
            return
        for scaling in self._facts.scalings:
            above = needed(scaling, uses) - scaling.minimum
            for name, units, grows in (
                ("of the minimum", scaling.minimum, False),
                ("above the minimum", above, True),
            ):
                what = f"unit-hours {name}, {scaling.kind}s of the {scaling.part}"
                hours, price = units * MONTH_HOURS, _PER_HOUR[scaling.kind]
                yield self._line("DynamoDB", what, hours, price, grows=grows)
        alarms = len(self._facts.scalings) * self._work["table"]["alarms_per_policy"]
        yield self._line(
            "CloudWatch", "alarms of auto scaling", alarms, "cloudwatch_alarm_metrics", grows=False
        )

    def uses(self, fleet: Fleet) -> list[Use]:
        """Return the units of the table and its index that a month takes."""
        given = self._work["table"]
        beats = self._messages(fleet, "status") if self._handles("status") else 0.0
        checks = fleet.devices * sum(
            MONTH_S / 60 / minutes
            for name, minutes in self._facts.schedules.items()
            if name == "CheckDevicesFunction"
        )
        return [
            Use(
                "events",
                "write",
                fleet.events * given["write_units_per_event"],
                fleet.events * given["index_write_units_per_event"],
            ),
            Use("events", "read", fleet.events * given["read_units_per_event"]),
            Use("heartbeats", "write", beats * given["write_units_per_heartbeat"]),
            Use(
                "checks of cameras",
                "read",
                checks * given["read_units_per_check"],
                checks * given["index_read_units_per_check"],
            ),
            *self._alert_uses(fleet),
        ]

    def _handles(self, kind: str) -> bool:
        return any(rule.kind == kind for rule in self._facts.rules)

    def _wanted_and_sent(self, fleet: Fleet) -> tuple[float, float]:
        """Return the smiles that want an alert in a month, and those that get one of their own."""
        given = self._work["alerts"]
        per_device = min(
            fleet.events_per_day, 86_400 / max(given["cooldown_s"], 1), 24 * given["per_hour"]
        )
        wanted = float(fleet.devices * per_device * MONTH_DAYS)
        return wanted, min(wanted, float(given["per_minute"] * 1440 * MONTH_DAYS))

    def _alert_uses(self, fleet: Fleet) -> Iterator[Use]:
        table = self._work["table"]
        wanted, sent = self._wanted_and_sent(fleet)
        writes = (
            sent * table["write_units_sent"]
            + (wanted - sent) * table["write_units_digested"]
            + (fleet.events - wanted) * table["write_units_suppressed"]
        )
        reads = self._messages(fleet, "events") * table["read_units_per_message"]
        yield Use("alerts", "write", writes)
        yield Use("alerts", "read", reads)

    def _alerts(self, fleet: Fleet) -> Iterator[Line]:
        _, sent = self._wanted_and_sent(fleet)
        yield self._line("SNS", "alerts published", sent, "sns_publishes")
        yield self._line("SNS", "e-mails", sent * self._work["alerts"]["emails"], "sns_emails")

    def _watch(self, fleet: Fleet) -> Iterator[Line]:
        counts, watch = self._facts.counts, "CloudWatch"
        for what, quantity, unit in (
            ("metrics of alarms", self._facts.alarm_metrics, "cloudwatch_alarm_metrics"),
            ("composite alarms", counts.get("AWS::CloudWatch::CompositeAlarm", 0),
             "cloudwatch_composite_alarms"),
            ("custom metrics", self._work["metrics"]["custom"], "cloudwatch_custom_metrics"),
            ("dashboards", counts.get("AWS::CloudWatch::Dashboard", 0), "cloudwatch_dashboards"),
            ("Contributor Insights rules", counts.get("AWS::CloudWatch::InsightRule", 0),
             "cloudwatch_insight_rules"),
        ):  # fmt: skip
            yield self._line(watch, what, quantity, unit, grows=False)
        matched = self._messages(fleet, "events")
        yield self._line(watch, "lines that insights match", matched, "cloudwatch_insight_events")
        secrets = counts.get("AWS::SecretsManager::Secret", 0)
        yield self._line("Secrets Manager", "secrets", secrets, "secrets", grows=False)


def sampled(invocations: float) -> float:
    """Return the traces that X-Ray records in a month: one a second and 5 % of the rest.

    https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
    """
    return min(invocations, float(MONTH_S)) + 0.05 * max(invocations - MONTH_S, 0.0)
