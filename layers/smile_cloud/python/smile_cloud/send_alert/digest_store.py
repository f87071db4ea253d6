"""Digests: the smiles of a minute for which the topic has no room, in one message.

A digest is named after its minute. Its head says whether it is open, claimed or sent; each of its
events is an item of its own. An event joins in the transaction that checks that the head is open,
so none comes after the digest was read for sending.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from smile_cloud.alert_settings.model import AlertSettings
from smile_cloud.attributes import from_attributes, to_attributes
from smile_cloud.keys import ALERTS_PK, EVENT_PREFIX, digest_key
from smile_cloud.send_alert.alert_state import CLAIM_DURATION
from smile_cloud.send_alert.digest_queue import DigestQueue
from smile_cloud.send_alert.errors import InFlightError
from smile_contract import SmileEvent, format_time, parse_time

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_MINUTE: Final = timedelta(minutes=1)
# A digest that failed goes to the dead-letter queue. Within a day, `make redrive` sends it.
_RETENTION: Final = timedelta(days=1)
_UPDATE_PREFIX: Final = "UPDATE#"
_ID_FORMAT: Final = "%Y-%m-%dT%H:%M"


class HeadState(StrEnum):
    """What a digest is waiting for."""

    OPEN = "open"
    CLAIMED = "claimed"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class DigestEvent:
    """An event in a digest.

    Attributes
    ----------
    event_id, device_id : str
    display_name : str or None
    peak_score : float
    started_at : datetime
    is_update : bool
        Whether an alert or a digest has named the event before.
    """

    event_id: str
    device_id: str
    display_name: str | None
    peak_score: float
    started_at: datetime
    is_update: bool


class DigestStore:
    """Reads and writes digests.

    Parameters
    ----------
    client : DynamoDBClient
    table_name : str
    queue : DigestQueue
        Brings the digest back when its minute is over.
    clock : callable
        Returns the current time, UTC.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table_name: str,
        queue: DigestQueue,
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._queue = queue
        self._clock = clock

    def joining(
        self, event: SmileEvent, settings: AlertSettings, *, is_update: bool
    ) -> list[TransactWriteItemTypeDef]:
        """Return the writes that add an event to the digest of this minute.

        The first event of a digest schedules its sending, and only then creates its head: an open
        head that nothing ever sends cannot exist.
        """
        now = self._clock()
        minute = now.replace(second=0, microsecond=0)
        while (state := self._state(_id(minute))) is not None and state is not HeadState.OPEN:
            minute += _MINUTE
        if state is None:
            self._queue.schedule(_id(minute), minute + _MINUTE - now)
            self._create(_id(minute), now)
        return self._join_writes(event, settings, _id(minute), is_update=is_update)

    def claim(self, digest_id: str, token: str) -> bool:
        """Close a digest for the attempt `token`; return False when nothing is left to send.

        Raises
        ------
        InFlightError
            When another attempt is sending it.
        """
        head, now = self._head(digest_id), self._clock()
        if head is None or head["head"] == HeadState.SENT or now.timestamp() > head["expires_at"]:
            return False
        is_live = "claimed_at" in head and now < parse_time(head["claimed_at"]) + CLAIM_DURATION
        if is_live and head["token"] != token:
            raise InFlightError(f"digest {digest_id}")
        seen = "#token = :seen" if "token" in head else "attribute_not_exists(#token)"
        values = {":state": HeadState.CLAIMED, ":token": token, ":now": format_time(now)}
        if "token" in head:
            values[":seen"] = head["token"]
        try:
            self._client.update_item(
                TableName=self._table_name,
                Key=_head_key(digest_id),
                UpdateExpression="SET head = :state, #token = :token, claimed_at = :now",
                ConditionExpression=f"attribute_exists(pk) AND {seen}",
                ExpressionAttributeNames={"#token": "token"},
                ExpressionAttributeValues=to_attributes(values),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            # The SDK repeats a call when its answer is lost: then the claim is this attempt's own.
            written = self._head(digest_id)
            if written is None or written.get("token") != token:
                raise InFlightError(f"digest {digest_id}") from None
        return True

    def events(self, digest_id: str) -> list[DigestEvent]:
        """Return the events of a digest."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table_name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=to_attributes({":pk": digest_key(digest_id)}),
            ConsistentRead=True,
        )
        items = (from_attributes(item) for page in pages for item in page["Items"])
        return [
            DigestEvent(
                event_id=item["sk"].partition("#")[2],
                device_id=item["device_id"],
                display_name=item.get("display_name"),
                peak_score=item["peak_score"],
                started_at=parse_time(item["started_at"]),
                is_update=item["sk"].startswith(_UPDATE_PREFIX),
            )
            for item in items
        ]

    def record_sent(self, digest_id: str, token: str) -> None:
        """Remember that the attempt `token` has sent a digest."""
        try:
            self._client.update_item(
                TableName=self._table_name,
                Key=_head_key(digest_id),
                UpdateExpression="SET head = :sent",
                ConditionExpression="#token = :token",
                ExpressionAttributeNames={"#token": "token"},
                ExpressionAttributeValues=to_attributes({":sent": HeadState.SENT, ":token": token}),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return  # this attempt took so long that another one sends the digest again

    def _head(self, digest_id: str) -> Mapping[str, Any] | None:
        answer = self._client.get_item(
            TableName=self._table_name, Key=_head_key(digest_id), ConsistentRead=True
        )
        return from_attributes(answer["Item"]) if "Item" in answer else None

    def _state(self, digest_id: str) -> HeadState | None:
        head = self._head(digest_id)
        return HeadState(head["head"]) if head is not None else None

    def _create(self, digest_id: str, now: datetime) -> None:
        fields = {
            "pk": ALERTS_PK,
            "sk": digest_key(digest_id),
            "head": HeadState.OPEN,
            "expires_at": int((now + _RETENTION).timestamp()),
        }
        try:
            self._client.put_item(
                TableName=self._table_name,
                Item=to_attributes(fields),
                ConditionExpression="attribute_not_exists(pk)",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return  # another invocation was faster, or the first answer was lost

    def _join_writes(
        self, event: SmileEvent, settings: AlertSettings, digest_id: str, *, is_update: bool
    ) -> list[TransactWriteItemTypeDef]:
        prefix = _UPDATE_PREFIX if is_update else EVENT_PREFIX
        fields = {
            "pk": digest_key(digest_id),
            "sk": f"{prefix}{event.event_id}",
            "device_id": event.device_id,
            "display_name": settings.display_name,
            "peak_score": event.peak_score,
            "started_at": format_time(event.started_at),
            "expires_at": int((self._clock() + _RETENTION).timestamp()),
        }
        return [
            {
                "ConditionCheck": {
                    "TableName": self._table_name,
                    "Key": _head_key(digest_id),
                    "ConditionExpression": "head = :open",
                    "ExpressionAttributeValues": to_attributes({":open": HeadState.OPEN}),
                }
            },
            {"Put": {"TableName": self._table_name, "Item": to_attributes(fields)}},
        ]


def _id(minute: datetime) -> str:
    return minute.strftime(_ID_FORMAT)


def _head_key(digest_id: str) -> dict[str, Any]:
    return to_attributes({"pk": ALERTS_PK, "sk": digest_key(digest_id)})
