"""The SNS topic that people subscribe to for alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smile_cloud.send_alert.alert_message import AlertMessage

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class AlertTopic:
    """Publishes alerts to an SNS topic.

    Parameters
    ----------
    client : SNSClient
    arn : str
    """

    def __init__(self, client: SNSClient, arn: str) -> None:
        self._client = client
        self._arn = arn

    def publish(self, message: AlertMessage) -> None:
        """Publish one alert."""
        self._client.publish(
            TopicArn=self._arn,
            Subject=message.subject,
            Message=message.body,
            MessageAttributes=message.attributes,
        )
