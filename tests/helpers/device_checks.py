"""``check_devices`` against a store, with a clock that the test sets and devices that it moves."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from smile_cloud import clients
from smile_cloud.alert_settings.fields import FIELDS
from smile_cloud.alert_settings.store import AlertSettingsStore
from smile_cloud.check_devices.check import CheckResult
from smile_cloud.check_devices.service import CheckDevicesService
from smile_cloud.check_devices.settings import CheckDevicesSettings
from smile_cloud.device_registry.device import Device
from smile_cloud.device_registry.status_message import StatusMessage
from smile_cloud.device_registry.store import DeviceStore
from smile_contract import Heartbeat, format_time, truncate_to_ms
from tests.helpers.functions import ENVIRONMENT
from tests.helpers.wire_samples import HEARTBEAT

START = datetime(2026, 11, 22, 17, 33, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
GRACE = 5 * MINUTE


class Checks:
    """The service, the time, and devices with their status messages.

    Parameters
    ----------
    receive_all : callable
        Returns what the topic has published.
    variables : str
        Environment variables, at least those that name the table and the topic.
    """

    def __init__(self, receive_all: Callable[[], list[dict[str, Any]]], **variables: str) -> None:
        self.now = START
        self.remaining_s = 50.0
        self.logged: list[tuple[str, str]] = []
        self._receive_all = receive_all
        self.settings = CheckDevicesSettings.from_environment(ENVIRONMENT | variables)
        self.service = self.new_service()
        self.table = self.settings.table_name
        self.registry = DeviceStore(
            clients.dynamodb(),
            self.table,
            retention=timedelta(days=90),
            clock=lambda: self.now,
            sleep=lambda _: None,
        )

    def new_service(self) -> CheckDevicesService:
        """Return the service of another execution environment."""
        return CheckDevicesService.from_settings(
            self.settings, clock=lambda: self.now, sleep=lambda _: None
        )

    def says(self, device_id: str = "cam-1", status: str = "online", **more: Any) -> None:
        """Let a device send a heartbeat, or its last will, that arrives now."""
        fields = HEARTBEAT | {"device_id": device_id, "sent_at": format_time(self.now)}
        fields |= {"status": status, "uptime_ms": 10**9, "interval_s": 120} | more
        message = StatusMessage(Heartbeat.from_dict(fields), self.now)
        self.registry.observe(Device.of_status(message))

    def leaves(self, device_id: str = "cam-1") -> None:
        """Let the broker say that the connection of a device has ended."""
        self.says(device_id, "offline")

    def check(self, after: timedelta = timedelta(0)) -> CheckResult:
        """Run one check."""
        self.now += after
        return self.service.handle(lambda: self.remaining_s, self._log)

    def _log(self, kind: str, subject: str) -> None:
        self.logged.append((kind, subject))

    def check_for(self, duration: timedelta, *working: str, **more: Any) -> None:
        """Run checks, while `working` devices send heartbeats; every 4 minutes to save time."""
        end = self.now + duration
        while self.now < end:
            self.now += min(4 * MINUTE, end - self.now)
            for device_id in working:
                self.says(device_id, **more)
            self.check()

    def set(self, device_id: str | None, **values: Any) -> None:
        """Store alert settings of a device, or of the fleet for None."""
        decoded = {name: FIELDS[name].decode(value, name) for name, value in values.items()}
        AlertSettingsStore(clients.dynamodb(), self.table).replace(device_id, decoded, self.now)

    def published(self) -> list[dict[str, Any]]:
        """Return the documents of the alerts that were published since the last call."""
        envelopes = [json.loads(message["Body"]) for message in self._receive_all()]
        return [json.loads(envelope["Message"]) for envelope in envelopes]

    def kinds(self) -> list[tuple[str, str]]:
        """Return kind and device, or number of cameras, of what was published."""
        return sorted(
            (one["kind"], one["device_id"] if "device_id" in one else str(one["cameras"]))
            for one in self.published()
        )


def seed_devices(table: str, minutes: dict[str, int]) -> None:
    """Store devices, each with its last heartbeat so many minutes ago."""
    for device_id, ago in minutes.items():
        at = truncate_to_ms(datetime.now(UTC) - timedelta(minutes=ago))
        fields = HEARTBEAT | {"device_id": device_id, "sent_at": format_time(at)}
        store = DeviceStore(clients.dynamodb(), table, retention=timedelta(days=1))
        store.observe(Device.of_status(StatusMessage(Heartbeat.from_dict(fields), at)))
