"""``device_status``: add what a message says to what is known of its device."""

from __future__ import annotations

from dataclasses import dataclass

from smile_cloud import clients
from smile_cloud.dead_letters.memory import DeadLetterMemory
from smile_cloud.dead_letters.queue import DeadLetterQueue
from smile_cloud.dead_letters.sender import DeadLetterSender
from smile_cloud.device_registry.store import DeviceStore
from smile_cloud.device_status.messages import read_message
from smile_cloud.device_status.settings import DeviceStatusSettings
from smile_cloud.rule_body import ForeignClientError, RuleBody
from smile_cloud.rule_message import DeadLetter
from smile_contract import ContractError


@dataclass(frozen=True, slots=True)
class DeviceStatusResult:
    """What happened to a message.

    Attributes
    ----------
    outcome : str
        ``changed``, ``unchanged`` (repeated or superseded), ``ignored`` (says nothing about a
        device), ``rejected``, or ``repeated`` and ``delivered_again`` for a message like one that
        was rejected in the last day.
    error : ContractError or None
        Why a message breaks the contract.
    """

    outcome: str
    error: ContractError | None = None


class DeviceStatusService:
    """Handles the messages of the status queue.

    Parameters
    ----------
    devices : DeviceStore
    dead_letters : DeadLetterSender
    """

    def __init__(self, devices: DeviceStore, dead_letters: DeadLetterSender) -> None:
        self._devices = devices
        self._dead_letters = dead_letters

    @classmethod
    def from_settings(cls, settings: DeviceStatusSettings) -> DeviceStatusService:
        """Return the service with the AWS clients of this execution environment."""
        client, table_name = clients.dynamodb(), settings.table_name
        memory = DeadLetterMemory(client, table_name, device_retention=settings.device_retention)
        queue = DeadLetterQueue(clients.sqs(), settings.dead_letter_queue_url)
        devices = DeviceStore(client, table_name, retention=settings.device_retention)
        return cls(devices, DeadLetterSender(queue, memory))

    def handle(self, text: str) -> DeviceStatusResult:
        """Handle a message, given the body of a queue message.

        Raises
        ------
        ConflictError, botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            When a later retry may succeed.
        """
        source: RuleBody | None = None
        try:
            source = RuleBody.parse(text)
            seen = read_message(source)
        except ForeignClientError:
            return DeviceStatusResult("ignored")
        except ContractError as error:
            return self._reject(text, source, error)
        if seen is None:
            return DeviceStatusResult("ignored")
        return DeviceStatusResult("changed" if self._devices.observe(seen) else "unchanged")

    def _reject(
        self, text: str, source: RuleBody | None, error: ContractError
    ) -> DeviceStatusResult:
        dead_letter = DeadLetter(text, error)
        if source is not None:
            dead_letter = DeadLetter.of_source(source, error)
        return DeviceStatusResult(self._dead_letters.send(dead_letter), error)
