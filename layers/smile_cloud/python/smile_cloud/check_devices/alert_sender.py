"""Send the alerts of a check: claim, publish, record.

A claim stores what is reported, with the alert as pending. Then the alert is published, and the
claim is recorded as sent. A check that finds an alert pending sends it: the check before has ended
between the two. So an alert is never lost, and it is sent twice only when the answer of SNS is lost
or a check ends after publishing and before recording: SNS cannot publish conditionally.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from smile_cloud.alert_messages.dashboard import Dashboard
from smile_cloud.alert_messages.device import DeviceAlert, compose_device
from smile_cloud.alert_messages.fleet import FleetAlert, NamedDevice, compose_fleet
from smile_cloud.alert_topic import AlertTopic
from smile_cloud.batches import Key
from smile_cloud.check_devices.items import outage_key, report_key
from smile_cloud.check_devices.policy import after_message
from smile_cloud.check_devices.report_store import ReportStore
from smile_cloud.check_devices.settings_reader import SettingsReader
from smile_cloud.check_devices.state import Outage, Report, Rules
from smile_cloud.errors import ConflictError
from smile_cloud.retry import attempts
from smile_cloud.topic_window_store import TopicWindowStore


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends alerts about devices and about the fleet.

    Attributes
    ----------
    store : ReportStore
    windows : TopicWindowStore
        The limit of the topic.
    topic : AlertTopic
    settings : SettingsReader
    rules : Rules
    dashboard : Dashboard or None
        What the alerts link to.
    clock : callable
        Returns the current time, UTC.
    sleep : callable
        Pauses for the given seconds before another attempt.
    """

    store: ReportStore
    windows: TopicWindowStore
    topic: AlertTopic
    settings: SettingsReader
    rules: Rules
    dashboard: Dashboard | None
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]

    def has_room(self) -> bool:
        """Take a place for one message of the topic; return False when it takes none now."""
        return self.windows.take(self.clock()) is None

    def report(self, report: Report, before: Report | None) -> bool:
        """Claim and send the alert in `report`; return False when it is not to be sent any more.

        Raises
        ------
        ConflictError, botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            When the next check may succeed.
        """
        claimed = replace(report, token=secrets.token_hex(8))
        if not self._put_report(claimed, before.token if before is not None else None):
            return False
        self.finish_report(claimed)
        return True

    def finish_report(self, claimed: Report) -> Report:
        """Send the pending alert of a claimed report; return the report as it is after that."""
        settings = self.settings.of_devices([claimed.device_id])[claimed.device_id]
        self.topic.publish(compose_device(_device_alert(claimed), settings, self.dashboard))
        done = replace(claimed, pending=None, token=secrets.token_hex(8))
        self._put_report(done, claimed.token)
        return done

    def outage(self, outage: Outage, before: Outage | None) -> bool:
        """Claim and send the message in `outage`; as `report`."""
        claimed = replace(outage, token=secrets.token_hex(8))
        if not self._put_outage(claimed, before.token if before is not None else None):
            return False
        self.finish_outage(claimed)
        return True

    def finish_outage(self, claimed: Outage) -> Outage | None:
        """Send the pending message of a claimed outage; return what is left of it after that."""
        names = self.settings.of_devices(claimed.named)
        alert = _fleet_alert(claimed, {one: names[one].display_name for one in claimed.named})
        self.topic.publish(compose_fleet(alert, self.settings.of_fleet(), self.dashboard))
        left = after_message(claimed, self.rules)
        if left is None:
            self.store.delete_outage(claimed)
            return None
        done = replace(left, token=secrets.token_hex(8))
        self._put_outage(done, claimed.token)
        return done

    def note_outage(self, outage: Outage, before: Outage) -> None:
        """Store a change of an outage that needs no message."""
        self._put_outage(replace(outage, token=secrets.token_hex(8)), before.token)

    def _put_report(self, report: Report, before: str | None) -> bool:
        """Store a report over the one with the token `before`.

        Return False when another check has changed it, or the device does not exist any more.
        """
        return self._put(
            lambda: self.store.put_report(report, before, self.clock()),
            report_key(report.device_id),
            report.token,
            before,
            lambda: self.store.exists(report.device_id),
        )

    def _put_outage(self, outage: Outage, before: str | None) -> bool:
        return self._put(
            lambda: self.store.put_outage(outage, before, self.clock()),
            outage_key(outage.outage_id),
            outage.token,
            before,
            lambda: True,
        )

    def _put(
        self,
        put: Callable[[], frozenset[str]],
        key: Key,
        token: str,
        before: str | None,
        exists: Callable[[], bool],
    ) -> bool:
        """Repeat a write while it may succeed.

        The SDK repeats a write when its answer is lost, and the copy fails. Then the token shows
        that this attempt has written the item.
        """
        reasons = frozenset[str]()
        for _ in attempts(self.sleep):
            reasons = put()
            if not reasons:
                return True
            stored = self.store.stored_token(key)
            if stored == token:
                return True
            if stored != before or not exists():
                return False
        raise ConflictError(key[1], reasons)


def _device_alert(report: Report) -> DeviceAlert:
    if report.pending is None:
        raise ValueError("expected a pending alert")
    return DeviceAlert(
        kind=report.pending,
        device_id=report.device_id,
        trouble=report.down.trouble,
        since=report.down.since,
        back_at=report.back_at,
        camera=report.camera,
        paused=report.paused,
    )


def _fleet_alert(outage: Outage, names: Mapping[str, str | None]) -> FleetAlert:
    if outage.pending is None:
        raise ValueError("expected a pending message")
    return FleetAlert(
        kind=outage.pending,
        outage_id=outage.outage_id,
        since=outage.since,
        cameras=outage.cameras,
        fleet=outage.fleet,
        still_down=outage.still_down,
        devices=tuple(NamedDevice(one, names[one]) for one in outage.named),
    )
