"""One check: read the devices and what was reported, decide, and send."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from smile_cloud.check_devices.alert_sender import Sender
from smile_cloud.check_devices.changes import Changes, find_changes
from smile_cloud.check_devices.device_views import device_views
from smile_cloud.check_devices.policy import make_plan
from smile_cloud.check_devices.report_store import ReportStore
from smile_cloud.check_devices.settings_reader import SettingsReader
from smile_cloud.check_devices.state import DeviceView, Outage, Report, Rules
from smile_cloud.device_registry.device import Device
from smile_cloud.errors import SmileCloudError

# Time to end a message that has begun: a call to an unreachable service fails after 9 s.
RESERVE_S: Final = 10.0
Log = Callable[[str, str], None]


@dataclass(slots=True)
class CheckResult:
    """What a check found and did.

    Attributes
    ----------
    devices, offline, blind : int
        Devices at all, and those that are offline or blind now.
    sent, deferred : int
        Messages that were sent, and those that the next check sends.
    skipped : bool
        Whether another check was running.
    failures : list of Exception
        Why messages failed; the next check sends them.
    """

    devices: int = 0
    offline: int = 0
    blind: int = 0
    sent: int = 0
    deferred: int = 0
    skipped: bool = False
    failures: list[Exception] = field(default_factory=list)


class Check:
    """One check.

    Parameters
    ----------
    store : ReportStore
    sender : Sender
    settings : SettingsReader
    rules : Rules
    remaining_s : callable
        Returns how many seconds the check may still take.
    log : callable
        Gets the kind of each message that was sent, and its device or outage.
    """

    def __init__(
        self,
        store: ReportStore,
        sender: Sender,
        settings: SettingsReader,
        rules: Rules,
        *,
        remaining_s: Callable[[], float],
        log: Log,
    ) -> None:
        self._store = store
        self._sender = sender
        self._settings = settings
        self._rules = rules
        self._remaining_s = remaining_s
        self._log = log
        self._result = CheckResult()
        self._is_full = False

    def run(
        self, devices: Callable[[], Iterable[Device]], clock: Callable[[], datetime]
    ) -> CheckResult:
        """Check all devices.

        Raises
        ------
        SmileCloudError, botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            When the check could not read or store what it needs.
        """
        reports, outages = self._store.read(clock())
        views = device_views(devices(), clock())
        now = clock()
        self._count(views)
        if self._settings.of_fleet().is_suspended(now):
            return self._result
        known = {view.device_id for view in views}
        gone = [device_id for device_id in reports if device_id not in known]
        for device_id in gone:
            del reports[device_id]
        for outage in outages.values():  # a device may be erased between claim and message
            named = tuple(one for one in outage.named if one in known)
            outages[outage.outage_id] = replace(outage, named=named)
        self._finish(reports, outages)
        changes = find_changes(views, reports, now, self._rules)
        plan = make_plan(
            changes,
            reports,
            list(outages.values()),
            muted=self._muted(changes, now),
            now=now,
            rules=self._rules,
        )
        self._store.write(plan.silent, gone, now)
        self._send_outages(plan.outages, outages)
        self._send_reports(plan.reports, reports)
        return self._result

    def _count(self, views: Sequence[DeviceView]) -> None:
        troubles = [view.down.trouble for view in views if view.down is not None]
        self._result.devices = len(views)
        self._result.offline = troubles.count("offline")
        self._result.blind = troubles.count("blind")

    def _finish(self, reports: dict[str, Report], outages: dict[str, Outage]) -> None:
        """Send what an earlier check has claimed, and update what is stored after that."""
        for outage in [one for one in outages.values() if one.pending is not None]:
            with self._noting_failures():
                left = self._sender.finish_outage(outage)
                self._note(str(outage.pending), outage.outage_id)
                if left is None:
                    del outages[outage.outage_id]
                else:
                    outages[outage.outage_id] = left
        for report in [one for one in reports.values() if one.pending is not None]:
            with self._noting_failures():
                reports[report.device_id] = self._sender.finish_report(report)
                self._note(str(report.pending), report.device_id)

    def _muted(self, changes: Changes, now: datetime) -> set[str]:
        """Return the devices whose alerts are suspended, of those that may get one."""
        ids = [stop.view.device_id for stop in changes.stops if stop.is_due]
        ids += [view.device_id for view, _ in changes.returns]
        settings = self._settings.of_devices(ids) if ids else {}
        return {one for one, own in settings.items() if own.is_suspended(now)}

    def _send_outages(self, planned: Sequence[Outage], stored: Mapping[str, Outage]) -> None:
        for outage in planned:
            before = stored.get(outage.outage_id)
            if outage.pending is None and before is not None:
                self._sender.note_outage(outage, before)
            elif self._may_send():
                with self._noting_failures():
                    if self._sender.outage(outage, before):
                        self._note(str(outage.pending), outage.outage_id)

    def _send_reports(self, planned: Sequence[Report], stored: Mapping[str, Report]) -> None:
        for report in planned:
            if self._may_send():
                with self._noting_failures():
                    if self._sender.report(report, stored.get(report.device_id)):
                        self._note(str(report.pending), report.device_id)

    def _may_send(self) -> bool:
        """Take a place for a message; return False when the next check is to send it."""
        if not self._is_full:
            with self._noting_failures():
                self._is_full = self._remaining_s() < RESERVE_S or not self._sender.has_room()
                if not self._is_full:
                    return True
        self._result.deferred += 1
        return False

    def _note(self, kind: str, name: str) -> None:
        self._result.sent += 1
        self._log(kind, name)

    @contextmanager
    def _noting_failures(self) -> Iterator[None]:
        """Go on with the next message when one fails."""
        try:
            yield
        except (SmileCloudError, ClientError, BotoCoreError) as error:
            self._result.failures.append(error)
