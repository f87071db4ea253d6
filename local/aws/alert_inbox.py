"""Receives the alerts from SNS: a queue that is subscribed to every topic of the template."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.aws.endpoints import LocalAws
from local.cloudformation.physical import STACK_NAME, arn

QUEUE_NAME = f"{STACK_NAME}-alert-inbox"
_WAIT_S = 5
_RETRY_S = 0.5
# Alerts are texts for people. The form of an event's id (RFC 9562) finds it in the text.
_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b")


@dataclass(frozen=True)
class Alert:
    """One message that SNS delivered.

    Attributes
    ----------
    subject, text : str
        What people read. Of a message for machines, in JSON, the text is its link.
    event_ids : frozenset of str
        Ids of the events in its text and attributes.
    arrived_at : float
        Seconds since the epoch.
    """

    subject: str
    text: str
    event_ids: frozenset[str]
    arrived_at: float


class AlertInbox:
    """A subscriber of the alerts, who gets what people get by e-mail.

    Parameters
    ----------
    aws : LocalAws
        Where the topics are.
    on_alert : callable
        Called in the background with each `Alert`.
    """

    def __init__(self, aws: LocalAws, on_alert: Callable[[Alert], None]) -> None:
        self._aws = aws
        self._on_alert = on_alert
        self._stopping = threading.Event()

    def subscribe(
        self, topic_arns: Sequence[str], filters: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Create the queue, subscribe it and start to read it.

        Parameters
        ----------
        topic_arns : sequence of str
            The topics.
        filters : Mapping
            Filter policies by topic ARN; the other topics send everything.
        """
        url = self._aws.sqs.create_queue(QueueName=QUEUE_NAME)["QueueUrl"]
        queue_arn = arn("AWS::SQS::Queue", QUEUE_NAME, self._aws.region)
        for topic_arn in topic_arns:
            policy = filters.get(topic_arn)
            self._aws.sns.subscribe(
                TopicArn=topic_arn,
                Protocol="sqs",
                Endpoint=queue_arn,
                Attributes={"FilterPolicy": json.dumps(policy)} if policy else {},
            )
        threading.Thread(target=self._read, args=(url,), name="alert inbox", daemon=True).start()

    def stop(self) -> None:
        """Stop reading. A request in progress ends with the server."""
        self._stopping.set()

    def _read(self, url: str) -> None:
        while not self._stopping.is_set():
            try:
                received = self._aws.sqs.receive_message(
                    QueueUrl=url, WaitTimeSeconds=_WAIT_S, MaxNumberOfMessages=10
                )
                for message in received.get("Messages", []):
                    if self._stopping.is_set():
                        return
                    self._on_alert(parse_alert(message["Body"], time.time()))
                    handle = message["ReceiptHandle"]
                    self._aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
            except (BotoCoreError, ClientError):
                self._stopping.wait(_RETRY_S)


def parse_alert(body: str, arrived_at: float) -> Alert:
    """Read a message that SNS sent to a queue ("Amazon SNS message and JSON formats")."""
    message = json.loads(body)
    return Alert(
        str(message.get("Subject") or ""),
        _readable(str(message["Message"])),
        frozenset(_UUID.findall(body)),
        arrived_at,
    )


def _readable(text: str) -> str:
    try:
        decoded = json.loads(text)
    except ValueError:
        return text
    return str(decoded.get("link") or "") if isinstance(decoded, dict) else text
