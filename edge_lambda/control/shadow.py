"""Keep the device and its named shadow `settings` in agreement.

Every change is answered with a request for the whole shadow, so lost, repeated and reordered
messages do no harm, and a setting that is removed from the shadow goes back to its value at the
start. Topics and messages:
https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-mqtt.html
"""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from typing import Any

from edge_lambda.control.runtime_settings import RuntimeSettings
from smile_contract.device_settings import SETTINGS_SHADOW

_log = logging.getLogger(__name__)
_NO_SHADOW = 404
_AGAIN_S = 30.0
_LONGEST_BYTES = 64 * 1024  # a shadow has 8 KB, and metadata for each value


class Shadow:
    """The device's side of the conversation. For use by one thread.

    Parameters
    ----------
    device_id : str
        Name of the thing.
    settings : RuntimeSettings

    Attributes
    ----------
    topics : tuple of str
        To subscribe to, before the first message is sent.
    """

    def __init__(self, device_id: str, settings: RuntimeSettings) -> None:
        self._prefix = f"$aws/things/{device_id}/shadow/name/{SETTINGS_SHADOW}"
        self.topics = tuple(
            f"{self._prefix}/{name}"
            for name in (
                "get/accepted",
                "get/rejected",
                "update/accepted",
                "update/rejected",
                "update/delta",
            )
        )
        self._settings = settings
        self._outgoing: deque[tuple[str, bytes]] = deque()
        self._ask_at_s: float | None = None
        self._version = 0
        self._sent: dict[str, Any] | None = None

    def opened(self) -> None:
        """Ask for the shadow: a new connection can receive its messages."""
        self._outgoing.clear()
        self._version, self._sent = 0, None
        self._ask_at_s = time.monotonic()

    def take(self) -> tuple[str, bytes] | None:
        """Return topic and payload of the next message to send, if any."""
        if self._ask_at_s is not None and time.monotonic() >= self._ask_at_s:
            self._ask_at_s = None
            return f"{self._prefix}/get", b"{}"
        return self._outgoing.popleft() if self._outgoing else None

    def receive(self, topic: str, payload: bytes) -> None:
        """Handle a message of one of the topics."""
        try:
            message = json.loads(payload[: _LONGEST_BYTES + 1])
            state = message.get("state") or {}
            if topic.endswith("/get/accepted"):
                self._agree(message)
            elif topic.endswith("/get/rejected"):
                self._no_shadow(message)
            elif topic.endswith("/update/rejected"):
                _log.warning("shadow does not accept the settings", extra=_reason(message))
            elif topic.endswith("/update/delta") or "desired" in state:
                self._ask_at_s = time.monotonic()
        except Exception as error:  # noqa: BLE001 - a bad message must not end the delivery
            _log.warning("shadow message ignored", extra={"topic": topic, "error": repr(error)})

    def _agree(self, message: dict[str, Any]) -> None:
        if message["version"] < self._version:
            return
        self._version = message["version"]
        state = message["state"]
        self._settings.want(state.get("desired") or {})
        self._report(state.get("reported") or {})

    def _no_shadow(self, message: dict[str, Any]) -> None:
        if message.get("code") == _NO_SHADOW:
            self._settings.want({})
            self._report({})
        else:
            _log.warning("shadow cannot be read", extra=_reason(message))
            self._ask_at_s = time.monotonic() + _AGAIN_S

    def _report(self, known: dict[str, Any]) -> None:
        """Report what the shadow does not know yet, at most once."""
        report = self._settings.report()
        new = {key: value for key, value in report.items() if known.get(key) != value}
        if not new or new == self._sent:
            return
        self._sent = new
        payload = json.dumps({"state": {"reported": new}}, separators=(",", ":")).encode()
        self._outgoing.append((f"{self._prefix}/update", payload))


def _reason(message: dict[str, Any]) -> dict[str, object]:
    return {"code": message.get("code"), "reason": message.get("message")}
