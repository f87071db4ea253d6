"""The device shadows: answers get, update and delete, as AWS IoT does."""

from __future__ import annotations

import json
import re
import threading
from collections import defaultdict
from collections.abc import Callable

from local.iot.shadow_document import Document, RejectedError, ShadowDocument
from local.iot.subscriber import Subscriber

_REQUESTS = ("get", "update", "delete")
_NAMED, _CLASSIC = "$aws/things/+/shadow/name/+/", "$aws/things/+/shadow/"
_TOPIC = re.compile(r"(\$aws/things/[^/]+/shadow(?:/name/[^/]+)?)/(get|update|delete)")


class ShadowService:
    """Keeps the shadows of all things in memory, named ones and the classic one.

    Requests come over the broker, once it is started, and from `request`.

    Parameters
    ----------
    on_problem : callable
        Called with one line for each request that could not be handled.
    """

    def __init__(self, on_problem: Callable[[str], None]) -> None:
        self._shadows: defaultdict[str, ShadowDocument] = defaultdict(ShadowDocument)
        self._lock = threading.Lock()  # keeps the messages in the order of the versions
        filters = [prefix + name for prefix in (_NAMED, _CLASSIC) for name in _REQUESTS]
        self._subscriber = Subscriber("the shadow service", filters, self.request, on_problem)

    def start(self, port: int) -> None:
        """Connect to the broker and wait until it confirms the subscriptions.

        Raises
        ------
        StartError
            When the broker does not answer.
        """
        self._subscriber.start(port)

    def stop(self) -> None:
        """Disconnect."""
        self._subscriber.stop()

    def request(self, topic: str, payload: bytes) -> dict[str, Document]:
        """Handle a request, publish the messages that answer it, and return them by topic."""
        with self._lock:
            answers = self.handle(topic, payload)
            if self._subscriber.is_subscribed:
                for answer_topic, answer in answers.items():
                    text = json.dumps(answer, separators=(",", ":"))
                    self._subscriber.publish(answer_topic, text)
        return answers

    def handle(self, topic: str, payload: bytes) -> dict[str, Document]:
        """Return the messages by topic that answer a request; none for another topic."""
        match = _TOPIC.fullmatch(topic)
        if match is None:
            return {}
        shadow, action = match.groups()
        token: Document = {}
        try:
            request = _decoded(payload)
            if "clientToken" in request:
                token = {"clientToken": request["clientToken"]}
            answers = self._answers(self._shadows[shadow], action, request)
        except RejectedError as error:
            answers = {f"{action}/rejected": {"code": error.code, "message": str(error)}}
        return {f"{shadow}/{suffix}": answer | token for suffix, answer in answers.items()}

    @staticmethod
    def _answers(shadow: ShadowDocument, action: str, request: Document) -> dict[str, Document]:
        if action == "update":
            return shadow.update(request)
        answer = shadow.get() if action == "get" else shadow.delete()
        return {f"{action}/accepted": answer}


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _decoded(payload: bytes) -> Document:
    """Return a request; an empty one is an empty object."""
    try:
        request = json.loads(payload or b"{}", parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise RejectedError(400, "Invalid JSON") from None
    if not isinstance(request, dict):
        raise RejectedError(400, "Payload must be an object")
    return request
