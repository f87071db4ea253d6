"""Make the sinks that the settings name."""

from __future__ import annotations

import sys

from edge_lambda.config import EdgeConfig
from edge_lambda.delivery import GreengrassSink, MqttSink, Sink, StdoutSink
from edge_lambda.delivery.broker import Broker
from edge_lambda.delivery.conversation import Conversation
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.errors import SinkError
from edge_lambda.health.heartbeats import Heartbeats


def make_sinks(
    config: EdgeConfig,
    outbox: Outbox,
    broker: Broker | None,
    heartbeats: Heartbeats,
    conversation: Conversation | None,
) -> list[Sink]:
    """Return the sinks that the configuration names.

    Parameters
    ----------
    config : EdgeConfig
    outbox : Outbox
    broker : Broker or None
        For an MQTT sink.
    heartbeats : Heartbeats
        Makes the last will.
    conversation : Conversation or None
        Shares the connection of the sink.

    Raises
    ------
    SinkError
        When events cannot be written to standard output.
    """
    sinks: list[Sink] = []
    if "stdout" in config.sinks:
        if sys.stdout is None:
            raise SinkError("stdout: cannot be written: it is closed")
        sinks.append(StdoutSink(sys.stdout.buffer))
    if broker is not None:
        sinks.append(
            MqttSink(
                outbox,
                broker,
                config.device_id,
                max_publishes_per_s=config.mqtt.max_publishes_per_s,
                keepalive_s=config.mqtt.keepalive_s,
                topic_prefix=_topic_prefix(config.mqtt.basic_ingest_rule),
                make_will=heartbeats.will,
                conversation=conversation,
            )
        )
    if "greengrass" in config.sinks:
        prefix = _topic_prefix(config.mqtt.basic_ingest_rule)
        sinks.append(
            GreengrassSink(outbox, prefix, device_id=config.device_id, conversation=conversation)
        )
    return sinks


def _topic_prefix(rule: str | None) -> str:
    """Return the topic prefix that sends messages to a rule by Basic Ingest.

    https://docs.aws.amazon.com/iot/latest/developerguide/iot-basic-ingest.html
    """
    return "" if rule is None else f"$aws/rules/{rule}/"
