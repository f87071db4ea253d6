"""Where events go."""

from __future__ import annotations

from edge_lambda.sinks.greengrass import GreengrassSink
from edge_lambda.sinks.mqtt import MqttSink
from edge_lambda.sinks.sink import Sink
from edge_lambda.sinks.stdout import StdoutSink

__all__ = ["GreengrassSink", "MqttSink", "Sink", "StdoutSink"]
