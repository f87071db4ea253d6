"""The limit of the whole topic: a number of messages in any minute.

SNS deactivates an e-mail subscription that gets more than 10 messages a second:
https://repost.aws/knowledge-center/sns-email-subscription-disabled
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from smile_cloud.attributes import to_attributes
from smile_cloud.keys import ALERTS_PK, TOPIC_SK
from smile_contract import format_time, parse_time

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import PutItemInputTypeDef

LENGTH: Final = timedelta(seconds=60)
_KEPT: Final = timedelta(days=1)
TOPIC_KEY: Final = {"pk": ALERTS_PK, "sk": TOPIC_SK}


@dataclass(frozen=True, slots=True)
class TopicWindow:
    """When the messages of the last minute were sent.

    Attributes
    ----------
    sent_at : tuple of datetime
        In order, UTC.
    version : int
        Counts the changes; 0 when nothing is stored.
    """

    sent_at: tuple[datetime, ...] = ()
    version: int = 0

    @classmethod
    def from_item(cls, item: Mapping[str, Any] | None) -> TopicWindow:
        """Return the window in a stored item, None when there is no item."""
        if item is None:
            return cls()
        return cls(tuple(parse_time(at) for at in item["sent_at"]), item["version"])

    def free_at(self, limit: int, now: datetime) -> datetime | None:
        """Return when the next message may be sent; None when it may be sent at `now`.

        Parameters
        ----------
        limit : int
            Messages in any 60 s, 1 or more.
        now : datetime
        """
        recent = self._recent(now)
        return recent[-limit] + LENGTH if len(recent) >= limit else None

    def with_send(self, now: datetime) -> TopicWindow:
        """Return the window after a message sent at `now`."""
        return TopicWindow(tuple(sorted((*self._recent(now), now))), self.version + 1)

    def put(self, table_name: str, now: datetime) -> PutItemInputTypeDef:
        """Return the parameters of PutItem that store this window after one change.

        The write fails its condition when another invocation has changed the window since.
        """
        item = TOPIC_KEY | {
            "sent_at": [format_time(at) for at in self.sent_at],
            "version": self.version,
            "expires_at": int((now + _KEPT).timestamp()),
        }
        return {
            "TableName": table_name,
            "Item": to_attributes(item),
            "ConditionExpression": "attribute_not_exists(pk) OR version = :version",
            "ExpressionAttributeValues": to_attributes({":version": self.version - 1}),
        }

    def _recent(self, now: datetime) -> tuple[datetime, ...]:
        # A time slightly ahead comes from another execution environment's clock.
        return tuple(at for at in self.sent_at if at > now - LENGTH)
