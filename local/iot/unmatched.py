"""Reports topics that no rule selects: on AWS their messages vanish without a trace."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from paho.mqtt.client import topic_matches_sub

from local.cloudformation.rule_spec import RuleSpec
from local.iot.subscriber import Subscriber

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
        self._subscriber = Subscriber(
            "the watch on topics",
            ["#", f"{_BASIC_INGEST}#"],
            lambda topic, _payload: self.see(topic),
            on_problem,
        )

    def start(self, port: int) -> None:
        """Connect to the broker and wait until it confirms the subscription.

        Raises
        ------
        StartError
            When the broker does not answer.
        """
        self._subscriber.start(port)

    def stop(self) -> None:
        """Disconnect."""
        self._subscriber.stop()

    def see(self, topic: str) -> None:
        """Report a topic unless a rule selects it."""
        if topic in self._reported or len(self._reported) >= _MOST_TOPICS:
            return
        if not any(topic_matches_sub(pattern, topic) for pattern in self._filters):
            self._reported.add(topic)
            self._on_problem(f"no rule matches the topic {topic}: its messages go nowhere")
