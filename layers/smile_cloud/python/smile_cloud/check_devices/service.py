"""``check_devices``: report the devices that have stopped or are back."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

from smile_cloud import clients
from smile_cloud.alert_topic import AlertTopic
from smile_cloud.check_devices.alert_sender import Sender
from smile_cloud.check_devices.check import Check, CheckResult, Log
from smile_cloud.check_devices.report_store import ReportStore
from smile_cloud.check_devices.settings import CheckDevicesSettings
from smile_cloud.check_devices.settings_reader import SettingsReader
from smile_cloud.check_devices.state import Rules
from smile_cloud.device_registry.device import Device
from smile_cloud.device_registry.directory import DeviceDirectory
from smile_cloud.topic_window_store import TopicWindowStore

# Messages that the topic takes above the limit of smiles, so that smiles cannot hold up the news
# that a camera has stopped. SNS takes 600 e-mails a minute to an address.
ROOM: Final = 5


class CheckDevicesService:
    """Checks all devices.

    Parameters
    ----------
    devices : callable
        Returns what the registry knows about each device.
    store : ReportStore
    sender : Sender
    settings : SettingsReader
    rules : Rules
    clock : callable
        Returns the current time, UTC.
    """

    def __init__(
        self,
        devices: Callable[[], Iterable[Device]],
        store: ReportStore,
        sender: Sender,
        settings: SettingsReader,
        *,
        rules: Rules,
        clock: Callable[[], datetime],
    ) -> None:
        self._devices = devices
        self._store = store
        self._sender = sender
        self._settings = settings
        self._rules = rules
        self._clock = clock

    @classmethod
    def from_settings(
        cls,
        settings: CheckDevicesSettings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> CheckDevicesService:
        """Return the service with the AWS clients of this execution environment."""
        client, table, rules = clients.dynamodb(), settings.table_name, settings.rules
        directory = DeviceDirectory(client, table, clock=clock, sleep=sleep)
        store = ReportStore(client, table, sleep)
        reader = SettingsReader(client, table, settings.defaults, sleep)
        sender = Sender(
            store,
            TopicWindowStore(client, table, rules.per_minute + ROOM, sleep=sleep),
            AlertTopic(clients.sns, settings.topic_arn),
            reader,
            rules=rules,
            dashboard=settings.dashboard,
            clock=clock,
            sleep=sleep,
        )
        return cls(directory.all, store, sender, reader, rules=rules, clock=clock)

    def handle(self, remaining_s: Callable[[], float], log: Log) -> CheckResult:
        """Check all devices once.

        Parameters
        ----------
        remaining_s : callable
            Returns how many seconds the check may still take.
        log : callable
            Gets the kind of each alert that was sent, and its device or outage.

        Raises
        ------
        SmileCloudError, botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            When the check could not begin.
        """
        token = secrets.token_hex(8)
        if not self._store.lease(token, self._clock()):
            return CheckResult(skipped=True)
        try:
            check = Check(
                self._store,
                self._sender,
                self._settings,
                self._rules,
                remaining_s=remaining_s,
                log=log,
            )
            return check.run(self._devices, self._clock)
        finally:
            self._store.release(token)
