"""The queues of a run: work that is left, and dead letters with their reasons."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from local.aws.endpoints import LocalAws
from local.errors import StartError

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_POLL_S = 0.1
_DELAYED_S = 5.0  # waited for messages that are delayed
_PEEK_S = 2  # hides messages from other readers while they are looked at
_MOST_PEEKED = 100


@dataclass(frozen=True)
class QueueCounts:
    """Messages in one queue.

    Attributes
    ----------
    waiting : int
        Messages that are waiting or being handled.
    delayed : int
        Messages that come later.
    """

    waiting: int
    delayed: int


class Queues:
    """The template's queues.

    Parameters
    ----------
    aws : LocalAws
        Where they are.
    urls : Mapping of str to str
        Their URLs by logical id.
    sources : set of str
        The URLs of the queues that invoke functions. In all others, messages stay.
    """

    def __init__(self, aws: LocalAws, urls: Mapping[str, str], sources: set[str]) -> None:
        self._aws = aws
        self._sources = {name: url for name, url in urls.items() if url in sources}
        self._others = {name: url for name, url in urls.items() if url not in sources}
        self._reported: set[str] = set()

    def dead_letters(self) -> dict[str, int]:
        """Return the number of messages in each queue that invokes no function."""
        return {name: self._count(url).waiting for name, url in self._others.items()}

    def wait_idle(self, timeout_s: float) -> dict[str, QueueCounts]:
        """Wait until every message is handled; return the counts of queues that are not empty."""
        now = time.monotonic()
        deadline, delayed_deadline = now + timeout_s, now + min(timeout_s, _DELAYED_S)
        while True:
            counts = {name: self._count(url) for name, url in self._sources.items()}
            left = {name: count for name, count in counts.items() if count.waiting or count.delayed}
            now = time.monotonic()
            is_idle = not any(count.waiting for count in left.values())
            if not left or now > deadline or (is_idle and now > delayed_deadline):
                return left
            time.sleep(_POLL_S)

    def new_reasons(self, name: str, last_error: Callable[[str], str]) -> list[str]:
        """Return why each message is in a queue, once for each message.

        Parameters
        ----------
        name : str
            The queue's logical id.
        last_error : callable
            Returns why a function failed with a message, by the message's id.
        """
        messages = self._peek(self._others[name])
        new = [message for message in messages if message["MessageId"] not in self._reported]
        self._reported |= {message["MessageId"] for message in new}
        return [_reason(message, last_error) for message in new]

    def _count(self, url: str) -> QueueCounts:
        got = self._aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        waiting = int(got["ApproximateNumberOfMessages"])
        in_flight = int(got["ApproximateNumberOfMessagesNotVisible"])
        return QueueCounts(waiting + in_flight, int(got["ApproximateNumberOfMessagesDelayed"]))

    def _peek(self, url: str) -> list[MessageTypeDef]:
        """Return the messages of a queue and leave them there."""
        found: list[MessageTypeDef] = []
        while len(found) < _MOST_PEEKED:
            page = self._aws.sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=10,
                VisibilityTimeout=_PEEK_S,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
            if not page:
                break
            found += page
        for message in found:
            self._aws.sqs.change_message_visibility(
                QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )
        return found


@contextmanager
def queues_readable() -> Iterator[None]:
    """Turn errors of the queues into a `StartError`, which ends the run with one line."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise StartError(f"the queues could not be read: {error}") from error


def _reason(message: MessageTypeDef, last_error: Callable[[str], str]) -> str:
    """Return why a message is a dead letter: what its sender says, else the function's error."""
    attributes = message.get("MessageAttributes", {})
    if "reason" in attributes:
        return str(attributes["reason"].get("StringValue"))
    if source := message.get("Attributes", {}).get("DeadLetterQueueSourceArn"):
        queue = source.rpartition(":")[2]
        return f"from {queue}: {last_error(message['MessageId'])}"
    return " ".join(message["Body"].split())[:200]
