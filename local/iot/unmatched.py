"""Reports topics that no rule selects: on AWS their messages vanish without a trace."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from local.cloudformation.rule_spec import RuleSpec
from local.network.ports import LOOPBACK

_BASIC_INGEST = "$aws/rules/"
_MOST_TOPICS = 1000  # a device may put a counter into its topics


class UnmatchedTopics:
    """Listens to every topic and reports each one that matches no rule, once.

    Parameters
    ----------
    rules : sequence of RuleSpec
        The enabled rules.
    on_problem : callable
        Called with one line for each topic.
    """

    def __init__(self, rules: Sequence[RuleSpec], on_problem: Callable[[str], None]) -> None:
        self._filters = [rule.query.topic_filter for rule in rules]
        self._filters += [f"{_BASIC_INGEST}{rule.name}/#" for rule in rules]
        self._on_problem = on_problem
        self._reported: set[str] = set()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=f"unmatched-{uuid.uuid4().hex[:8]}"
        )
        self._client.on_connect = self._on_connect
        self._client.on_message = lambda _client, _userdata, message: self.see(message.topic)

    def start(self, port: int) -> None:
        """Connect to the broker in the background."""
        self._client.connect_async(LOOPBACK, port, keepalive=60)
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def see(self, topic: str) -> None:
        """Report a topic unless a rule selects it."""
        if topic in self._reported or len(self._reported) >= _MOST_TOPICS:
            return
        if not any(mqtt.topic_matches_sub(pattern, topic) for pattern in self._filters):
            self._reported.add(topic)
            self._on_problem(f"no rule matches the topic {topic}: its messages go nowhere")

    def _on_connect(self, client: mqtt.Client, *_reply: Any) -> None:
        client.subscribe([("#", 0), (f"{_BASIC_INGEST}#", 0)])
