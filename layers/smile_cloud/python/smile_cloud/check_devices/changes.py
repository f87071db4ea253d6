"""Which devices have stopped or are back since they were last reported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from smile_cloud.check_devices.state import DeviceView, Down, Report, Rules


@dataclass(frozen=True, slots=True)
class Stop:
    """A device that works no longer.

    Attributes
    ----------
    view : DeviceView
    down : Down
    report : Report or None
        What was reported about the device before.
    is_due : bool
        Whether the trouble has lasted for its grace time.
    """

    view: DeviceView
    down: Down
    report: Report | None
    is_due: bool


@dataclass(slots=True)
class Changes:
    """What differs from what was reported.

    Attributes
    ----------
    stops : list of Stop
        The devices that stopped first come first.
    returns : list of (DeviceView, Report)
        Devices that were reported as offline or blind and work again.
    working : int
        Devices that were not reported as offline or blind.
    """

    stops: list[Stop] = field(default_factory=list)
    returns: list[tuple[DeviceView, Report]] = field(default_factory=list)
    working: int = 0


def find_changes(
    views: Iterable[DeviceView], reports: Mapping[str, Report], now: datetime, rules: Rules
) -> Changes:
    """Compare the devices with what was reported about them.

    What is read may be older than what was reported: an index of DynamoDB lags behind. So only a
    sign of life after the reported trouble ends it, and only a trouble that began after a reported
    return is new.

    Parameters
    ----------
    views : iterable of DeviceView
    reports : Mapping of str to Report
        By device id.
    now : datetime
    rules : Rules
    """
    changes = Changes()
    for view in views:
        report = reports.get(view.device_id)
        if report is not None and report.pending is not None:
            continue  # its alert comes first
        changes.working += report is None or not report.is_down
        down = view.down
        if down is None:
            if report is not None and report.is_down and view.seen_at > report.down.since:
                changes.returns.append((view, report))
        elif _is_new(view, down, report):
            is_due = now - down.since >= rules.grace[down.trouble]
            changes.stops.append(Stop(view, down, report, is_due))
    changes.stops.sort(key=lambda stop: (stop.down.since, stop.view.device_id))
    changes.returns.sort(key=lambda one: (one[0].seen_at, one[0].device_id))
    return changes


def _is_new(view: DeviceView, down: Down, report: Report | None) -> bool:
    if report is None:
        return True
    if report.back_at is not None:
        return down.since >= report.back_at
    if down.trouble == report.down.trouble:
        return False
    if down.trouble == "blind":  # it was offline: it must have been heard since
        return view.seen_at > report.down.since
    return down.since >= report.down.since
