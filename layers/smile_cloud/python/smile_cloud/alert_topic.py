"""The SNS topic that people and programs subscribe to for alerts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from smile_cloud.alert_messages.message import AlertMessage

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class AlertTopic:
    """Publishes alerts to an SNS topic.

    Parameters
    ----------
    client : callable
        Returns the SNS client. Most invocations need none, and it takes time to create.
    arn : str
    """

    def __init__(self, client: Callable[[], SNSClient], arn: str) -> None:
        self._client = client
        self._arn = arn

    def publish(self, message: AlertMessage) -> str:
        """Publish an alert, each protocol with its own text; return the id that SNS gave it."""
        answer = self._client().publish(
            TopicArn=self._arn,
            Subject=message.subject,
            MessageStructure="json",
            Message=message.to_json(),
            MessageAttributes=message.attributes,
        )
        return answer["MessageId"]
