"""The device shadows: answers get, update and delete, as AWS IoT does."""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections import defaultdict
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from local.errors import StartError
from local.iot.shadow_document import Document, RejectedError, ShadowDocument
from local.network.ports import LOOPBACK

_SUBSCRIBE_TIMEOUT_S = 10.0
_REQUESTS = ("get", "update", "delete")
_NAMED, _CLASSIC = "$aws/things/+/shadow/name/+/", "$aws/things/+/shadow/"
_TOPIC = re.compile(r"(\$aws/things/[^/]+/shadow(?:/name/[^/]+)?)/(get|update|delete)")


class ShadowService:
    """Keeps the shadows of all things in memory, named ones and the classic one.

    Requests come over the broker, once it is started, and from `request`.
    """

    def __init__(self) -> None:
        self._shadows: defaultdict[str, ShadowDocument] = defaultdict(ShadowDocument)
        self._lock = threading.Lock()  # keeps the messages in the order of the versions
        self._subscribed = threading.Event()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=f"shadows-{uuid.uuid4().hex[:8]}"
        )
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    def start(self, port: int) -> None:
        """Connect to the broker and wait until it confirms the subscriptions.

        Raises
        ------
        StartError
            When the broker does not answer.
        """
        try:
            self._client.connect(LOOPBACK, port, keepalive=60)
        except OSError as error:
            raise StartError(f"the shadow service cannot reach the broker: {error}") from error
        self._client.loop_start()
        if not self._subscribed.wait(_SUBSCRIBE_TIMEOUT_S):
            raise StartError("the broker did not confirm the subscription of the shadow service")

    def stop(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def request(self, topic: str, payload: bytes) -> dict[str, Document]:
        """Handle a request, publish the messages that answer it, and return them by topic."""
        with self._lock:
            answers = self.handle(topic, payload)
            if self._subscribed.is_set():
                for answer_topic, answer in answers.items():
                    text = json.dumps(answer, separators=(",", ":"))
                    self._client.publish(answer_topic, text, qos=1)
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

    # --- called by paho, in its thread ---

    def _on_connect(self, client: mqtt.Client, *reply: Any) -> None:
        _userdata, _flags, reason, _properties = reply
        if not reason.is_failure:
            filters = [prefix + name for prefix in (_NAMED, _CLASSIC) for name in _REQUESTS]
            client.subscribe([(one, 1) for one in filters])

    def _on_subscribe(self, _client: mqtt.Client, *_reply: Any) -> None:
        self._subscribed.set()

    def _on_message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        self.request(message.topic, bytes(message.payload))


def _decoded(payload: bytes) -> Document:
    """Return a request; an empty one is an empty object."""
    try:
        request = json.loads(payload or b"{}")
    except (ValueError, RecursionError):
        raise RejectedError(400, "Invalid JSON") from None
    if not isinstance(request, dict):
        raise RejectedError(400, "Payload must be an object")
    return request
