"""AWS IoT Core: the MQTT broker and the rules engine."""
