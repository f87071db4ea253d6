"""Decide which alerts to send about devices that have stopped or are back.

A device that stops is reported once when its trouble has lasted for the grace time, and once more
when it is back. Devices that stop together are an outage: it has one message, and one when they
are back. An outage comes first and its devices join it in a later check, so a check that ends
half-way leaves nothing that the next one could report twice.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from smile_cloud.alert_messages.device import DeviceKind, Trouble
from smile_cloud.alert_messages.fleet import MAX_NAMED
from smile_cloud.check_devices.changes import Changes, Stop
from smile_cloud.check_devices.state import DeviceView, Outage, Report, Rules
from smile_contract import format_time

_KINDS: Final[dict[Trouble, DeviceKind]] = {"offline": "device_offline", "blind": "device_blind"}


@dataclass(slots=True)
class Plan:
    """What a check does, in this order.

    Attributes
    ----------
    silent : list of Report
        Reports to store without a message: devices that join an outage or leave it.
    outages : list of Outage
        Outages to store; those with `pending` set after their message.
    reports : list of Report
        Reports to store, each with the alert in `pending`.
    """

    silent: list[Report] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)


def make_plan(
    changes: Changes,
    reports: Mapping[str, Report],
    outages: Sequence[Outage],
    *,
    muted: Set[str] = frozenset(),
    now: datetime,
    rules: Rules,
) -> Plan:
    """Return what to do about `changes`.

    Parameters
    ----------
    changes : Changes
    reports : Mapping of str to Report
        What was reported, by device id.
    outages : sequence of Outage
        Those that last.
    muted : set of str
        Devices that send no alerts now. They are reported when that ends.
    now : datetime
    rules : Rules
    """
    plan = Plan()
    lasting = {outage.outage_id for outage in outages}
    down: dict[str, list[str]] = {outage_id: [] for outage_id in lasting}
    back = {view.device_id for view, _ in changes.returns}
    for report in reports.values():
        if report.is_down and report.outage_id in lasting and report.device_id not in back:
            down[str(report.outage_id)].append(report.device_id)
    alone: list[Stop] = []
    for stop in changes.stops:
        outage = _outage_of(stop, outages, lasting)
        if outage is None:
            alone.append(stop)
        elif not _was_down(stop):
            down[outage.outage_id].append(stop.view.device_id)
            if stop.is_due and stop.view.device_id not in muted:
                plan.silent.append(_stopped(stop, outage.outage_id))
    plan.outages += [
        after
        for outage in outages
        if (after := _continued(outage, down[outage.outage_id], now, rules)) != outage
    ]
    _plan_stops(plan, alone, changes.working, muted, rules)
    _plan_returns(plan, changes.returns, lasting, muted)
    return plan


def _outage_of(stop: Stop, outages: Sequence[Outage], lasting: Set[str]) -> Outage | None:
    """Return the outage that a stopped device is in, or joins."""
    report = stop.report
    if report is not None and report.is_down:
        if report.outage_id not in lasting:
            return None  # reported alone: another trouble of it is reported alone too
        return next(one for one in outages if one.outage_id == report.outage_id)
    return next((one for one in outages if one.covers(stop.down.since)), None)


def _continued(outage: Outage, down: Sequence[str], now: datetime, rules: Rules) -> Outage:
    """Return an outage as it is now: unchanged, nearly over, or with the message of its end."""
    if outage.pending is not None:
        return outage
    still_down = len(down)
    cameras = max(outage.cameras, still_down)
    if 2 * (cameras - still_down) <= cameras and still_down:
        return replace(outage, cameras=cameras, still_down=cameras, half_back_since=None)
    since = outage.half_back_since or now
    if still_down and now - since < rules.grace["offline"]:
        return replace(outage, cameras=cameras, still_down=cameras, half_back_since=since)
    return replace(
        outage,
        cameras=cameras,
        still_down=still_down,
        named=tuple(sorted(down)[:MAX_NAMED]),
        half_back_since=None,
        pending="fleet_recovered",
    )


def after_message(outage: Outage, rules: Rules) -> Outage | None:
    """Return an outage once its pending message is sent; None when it is over.

    Few devices that are still down are reported alone when they are back. Many stay an outage, so
    that they share another message.
    """
    if outage.pending == "fleet_recovered" and outage.still_down < rules.outage_devices:
        return None
    return replace(outage, cameras=outage.still_down, named=(), pending=None)


def _plan_stops(
    plan: Plan, stops: Sequence[Stop], working: int, muted: Set[str], rules: Rules
) -> None:
    heard = [stop for stop in stops if stop.view.device_id not in muted]
    first, members = _largest_group(heard, rules)
    if first is not None and rules.is_outage(len(members), working):
        plan.outages.append(
            Outage(
                outage_id=format_time(first.down.since),
                since=first.down.since,
                until=first.down.since + rules.grace["offline"],
                cameras=len(members),
                fleet=working + sum(_was_down(stop) for stop in members),
                still_down=len(members),
                named=tuple(stop.view.device_id for stop in members[:MAX_NAMED]),
                pending="fleet_outage",
            )
        )
        together = {stop.view.device_id for stop in members}
        heard = [stop for stop in heard if stop.view.device_id not in together]
    plan.reports += [_stopped(stop) for stop in heard if stop.is_due]


def _largest_group(stops: Sequence[Stop], rules: Rules) -> tuple[Stop | None, Sequence[Stop]]:
    """Return the most devices that stopped within one grace time of a device that is due.

    Devices that are not due yet count: when the first one is due, the outage is complete.
    """
    times = [stop.down.since for stop in stops]
    best: tuple[Stop | None, Sequence[Stop]] = (None, ())
    for start, stop in enumerate(stops):
        if stop.is_due:
            end = bisect_right(times, stop.down.since + rules.grace["offline"])
            if end - start > len(best[1]):
                best = (stop, stops[start:end])
    return best


def _plan_returns(
    plan: Plan,
    returns: Sequence[tuple[DeviceView, Report]],
    lasting: Set[str],
    muted: Set[str],
) -> None:
    for view, report in returns:
        back = replace(report, back_at=view.seen_at, paused=view.paused)
        if report.outage_id in lasting:
            plan.silent.append(back)
        elif view.device_id not in muted:
            plan.reports.append(replace(back, pending="device_recovered"))


def _was_down(stop: Stop) -> bool:
    return stop.report is not None and stop.report.is_down


def _stopped(stop: Stop, outage_id: str | None = None) -> Report:
    return Report(
        device_id=stop.view.device_id,
        down=stop.down,
        camera=stop.view.camera if stop.down.trouble == "blind" else None,
        outage_id=outage_id,
        pending=None if outage_id is not None else _KINDS[stop.down.trouble],
    )
