"""What subscribers get from SNS: each protocol its own text, each filter its own alerts."""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

from smile_cloud.alert_messages.alert_urls import AlertUrls
from smile_cloud.alert_messages.device import DeviceAlert, DeviceKind, Trouble, compose_device
from smile_cloud.alert_messages.digest import Digest, DigestDevice, compose_digest
from smile_cloud.alert_messages.fleet import FleetAlert, FleetKind, NamedDevice, compose_fleet
from smile_cloud.alert_messages.message import AlertMessage
from smile_cloud.alert_messages.smile import compose_smile
from smile_cloud.alert_settings.model import AlertSettings
from smile_cloud.alert_topic import AlertTopic
from tests.helpers.events import smile_event
from tests.helpers.template import ROOT, properties

URLS = AlertUrls("https://a.example/dev/#/devices/cam-1/events/e", "https://a.example/dev/alerts/a")
SETTINGS = AlertSettings(display_name="Küche 😀")
AT = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
SCHEMA = json.loads((ROOT / "docs/alert.schema.json").read_text("utf-8"))
AUDIENCES = (ROOT / "docs/alerts.md").read_text("utf-8")


def a_digest(*devices: tuple[str, float], update: bool = False) -> AlertMessage:
    digest = Digest(
        digest_id="2026-11-22T14:02",
        since=datetime(2026, 11, 22, 14, 2, tzinfo=UTC),
        devices=tuple(DigestDevice(device_id=d, smiles=1, peak_score=p) for d, p in devices),
    )
    return compose_digest(digest, SETTINGS, kind="digest_update" if update else "digest")


def a_smile(device_id: str, peak_score: float, kind: Any = "smile") -> AlertMessage:
    event = smile_event(device_id=device_id, peak_score=peak_score, mean_score=0.5)
    return compose_smile(event, SETTINGS, kind=kind, urls=URLS)


def a_device(kind: DeviceKind) -> AlertMessage:
    trouble: Trouble = "blind" if kind == "device_blind" else "offline"
    alert = DeviceAlert(kind=kind, device_id="cam-2", trouble=trouble, since=AT, back_at=AT)
    return compose_device(alert, SETTINGS)


def a_fleet(kind: FleetKind, *names: str) -> AlertMessage:
    alert = FleetAlert(
        kind=kind,
        outage_id="2026-11-22T14:02:00.000Z",
        since=AT,
        cameras=2,
        fleet=2,
        still_down=len(names),
        devices=tuple(NamedDevice(name) for name in names),
    )
    return compose_fleet(alert, SETTINGS)


ALERTS = {
    "likely": a_smile("cam-1", 0.7),
    "sure": a_smile("cam-2", 0.9),
    "update": a_smile("cam-1", 0.99, "smile_update"),
    "test": a_smile("cam-2", 0.97, "test"),
    "digest": a_digest(("cam-1", 0.6), ("cam-3", 0.8)),
    "sure digest": a_digest(("cam-2", 0.95), ("cam-3", 0.8)),
    "digest update": a_digest(("cam-3", 0.8), update=True),
    "offline": a_device("device_offline"),
    "blind": a_device("device_blind"),
    "recovered": a_device("device_recovered"),
    "outage": a_fleet("fleet_outage", "cam-1", "cam-2"),
    "all back": a_fleet("fleet_recovered"),
}
ABOUT_CAMERAS = {"offline", "blind", "recovered", "outage", "all back"}


@pytest.mark.parametrize("alert", ALERTS.values(), ids=ALERTS)
def test_the_document_of_an_alert_follows_its_schema(alert: AlertMessage) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(alert.document)


def test_each_protocol_gets_its_own_text() -> None:
    alert = ALERTS["sure"]
    texts = json.loads(alert.to_json())
    machines = {"sqs", "lambda", "http", "https", "firehose", "email-json"}
    assert set(texts) == {"default", "email", "sms"} | machines
    assert texts["default"] == texts["email"] == alert.email
    assert texts["sms"] == alert.sms
    for protocol in machines:
        assert json.loads(texts[protocol]) == alert.document


class Subscriber:
    """A queue that subscribes to a topic of its own with a filter policy."""

    def __init__(self, aws: SimpleNamespace, policy: dict[str, Any] | None) -> None:
        self._aws = aws
        name = f"audience-{uuid.uuid4().hex}"
        self._queue = aws.sqs.create_queue(QueueName=name)["QueueUrl"]
        found = aws.sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        self._arn = aws.sns.create_topic(Name=name)["TopicArn"]
        attributes = {} if policy is None else {"FilterPolicy": json.dumps(policy)}
        aws.sns.subscribe(
            TopicArn=self._arn,
            Protocol="sqs",
            Endpoint=found["Attributes"]["QueueArn"],
            Attributes=attributes,
        )

    def hears(self, alert: AlertMessage) -> dict[str, Any] | None:
        """Publish `alert`; return the document that arrives, None when the filter stops it."""
        AlertTopic(lambda: self._aws.sns, self._arn).publish(alert)
        messages = self._aws.sqs.receive_message(QueueUrl=self._queue).get("Messages", [])
        if not messages:
            return None
        [message] = messages
        self._aws.sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        document: dict[str, Any] = json.loads(json.loads(message["Body"])["Message"])
        return document


def test_a_queue_gets_the_document_when_it_subscribes_without_a_filter(
    aws: SimpleNamespace,
) -> None:
    subscriber = Subscriber(aws, None)
    for alert in ALERTS.values():
        assert subscriber.hears(alert) == alert.document


def policies() -> dict[str, dict[str, Any]]:
    """Return the filter policies of the table of audiences in docs/alerts.md."""
    rows = re.findall(r"^\| ([^|]+) \| `(\{.*?\})` \|", AUDIENCES, re.MULTILINE)
    return {audience: json.loads(policy) for audience, policy in rows}


HEARD = {
    "people who want to hear of each smile once, and of cameras that stop": {
        "likely", "sure", "test", "digest", "sure digest", *ABOUT_CAMERAS,
    },
    "people who look after the cameras": ABOUT_CAMERAS,
    "people who want to hear of each smile once": {
        "likely", "sure", "test", "digest", "sure digest",
    },
    "only sure smiles, with their updates": {"sure", "update", "test", "sure digest"},
    "only one camera": {"likely", "update", "digest", "outage"},
    "everything but digests": {"likely", "sure", "update", "test"},
    "a program that must not get tests": {
        "likely", "sure", "update", "digest", "sure digest", "digest update", *ABOUT_CAMERAS,
    },
}  # fmt: skip


def test_the_docs_name_every_audience() -> None:
    assert set(policies()) == set(HEARD)


@pytest.mark.parametrize("audience", HEARD)
def test_an_audience_hears_what_the_docs_say(aws: SimpleNamespace, audience: str) -> None:
    subscriber = Subscriber(aws, policies()[audience])
    heard = {name for name, alert in ALERTS.items() if subscriber.hears(alert) is not None}
    assert heard == HEARD[audience]


def test_the_address_of_the_template_hears_of_smiles_and_cameras(
    template: dict[str, Any],
) -> None:
    subscription = properties(template, "AlertEmailSubscription")
    audience = "people who want to hear of each smile once, and of cameras that stop"
    assert subscription["FilterPolicy"] == policies()[audience]
