"""Store events on disk and deliver them to sinks, at least once."""

from __future__ import annotations

from edge_lambda.delivery.greengrass_sink import GreengrassSink
from edge_lambda.delivery.mqtt_sink import MqttSink
from edge_lambda.delivery.sink import Sink
from edge_lambda.delivery.stdout_sink import StdoutSink

__all__ = ["GreengrassSink", "MqttSink", "Sink", "StdoutSink"]
