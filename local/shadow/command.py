"""Send settings to the shadow of a device, and print what the device reports."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from queue import Empty, SimpleQueue
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from local.command_line import Parser, port, report_failure
from local.errors import LocalError, StartError
from local.network.ports import LOOPBACK

_DESCRIPTION = """\
Change settings of a device while it runs, and print the settings that it reports.
A setting that is null goes back to its value at the start of the device.
Exit codes: 0 the device uses the settings; 1 it rejected some, each is printed with the reason;
2 wrong usage, or no broker or shadow service answers; 3 the device does not answer.
"""
_TIMEOUT_S = 5.0
_REPORT_S = 1.0  # the device reports within milliseconds after it has read the shadow, if at all
_LONGEST_WAIT_S = 3600.0
_OURS = "local.shadow"
_REJECTED, _NO_DEVICE = 1, 3
_INTERRUPTED = 130  # 128 + SIGINT, as in shells


def main(argv: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    parser = Parser(
        prog="python -m local.shadow",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--mqtt-port", type=port, required=True, help="of the local broker")
    parser.add_argument("--device", default="cam-1", help="device id; default: cam-1")
    parser.add_argument(
        "--wait-s", type=_seconds, default=10.0, metavar="N", help="for the device; default: 10"
    )
    parser.add_argument(
        "settings", nargs="?", default="{}", help='such as {"smile": {"threshold_on": 0.7}}'
    )
    try:
        options = parser.parse_args(argv)
        settings = _read(options.settings)
        with closing(_Shadow(options.mqtt_port, options.device)) as shadow:
            reported = shadow.change(settings, options.wait_s)
    except _NoDeviceError as error:
        report_failure(_OURS, error)
        return _NO_DEVICE
    except StartError as error:
        return report_failure(_OURS, error)
    except KeyboardInterrupt:
        return _INTERRUPTED
    print(json.dumps(reported, indent=2))  # noqa: T201
    rejected = _rejected(reported, settings)
    for one in rejected:
        print(f"{_OURS}: {one['field']}: {one['reason']}", file=sys.stderr)  # noqa: T201
    return _REJECTED if rejected else 0


class _NoDeviceError(LocalError):
    """The device does not answer."""


class _Shadow:
    """A connection to the broker that follows one shadow."""

    def __init__(self, mqtt_port: int, device: str) -> None:
        self._prefix = f"$aws/things/{device}/shadow/name/settings"
        self._device = device
        self._messages: SimpleQueue[tuple[str, dict[str, Any]]] = SimpleQueue()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda _client, _data, message: self._messages.put(
            (message.topic, json.loads(message.payload))
        )
        self._client.on_subscribe = lambda *_: self._messages.put(("", {}))
        try:
            self._client.connect(LOOPBACK, mqtt_port)
        except OSError as error:
            raise StartError(f"no broker on port {mqtt_port}: {error}") from None
        self._client.loop_start()
        self._client.subscribe(f"{self._prefix}/+/+", qos=1)
        self._answer(("",), "the broker does not answer")

    def change(self, desired: dict[str, Any], wait_s: float) -> dict[str, Any]:
        """Set desired values, wait until the device has reported, and return its report."""
        if desired:
            self._request("update", {"state": {"desired": desired}})
            topic, answer = self._answer(
                ("/update/accepted", "/update/rejected"), "no shadow service answers"
            )
            if topic.endswith("rejected"):
                raise StartError(f"{answer.get('code')}: {answer.get('message')}")
            self._wait_for_device(answer["version"], wait_s)
        self._request("get", {})
        topic, answer = self._answer(
            ("/get/accepted", "/get/rejected"), "no shadow service answers"
        )
        reported: dict[str, Any] = answer.get("state", {}).get("reported", {})
        if not reported:
            raise _NoDeviceError(f"{self._device} has reported nothing")
        return reported

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def _wait_for_device(self, version: int, wait_s: float) -> None:
        """Wait until the device has read this version, and for its report if something changed."""
        end_s = time.monotonic() + wait_s
        has_read = False
        while (message := self._next(end_s)) is not None:
            topic, content = message
            if topic.endswith("/update/accepted") and "reported" in content["state"]:
                return
            is_read = topic.endswith("/get/accepted") and content["version"] >= version
            if is_read and not has_read:
                has_read, end_s = True, time.monotonic() + _REPORT_S
        if not has_read:
            raise _NoDeviceError(
                f"{self._device} does not answer within {wait_s:g} s: "
                "the settings wait in its shadow until it connects"
            )

    def _request(self, action: str, message: dict[str, Any]) -> None:
        message |= {"clientToken": _OURS}
        self._client.publish(f"{self._prefix}/{action}", json.dumps(message), qos=1)

    def _answer(self, endings: tuple[str, ...], problem: str) -> tuple[str, dict[str, Any]]:
        """Return the answer to a request, whose topic has one of the endings."""
        end_s = time.monotonic() + _TIMEOUT_S
        while (message := self._next(end_s)) is not None:
            topic, content = message
            is_ours = not topic or content.get("clientToken") == _OURS
            if is_ours and topic.endswith(endings):
                return message
        raise StartError(problem)

    def _next(self, end_s: float) -> tuple[str, dict[str, Any]] | None:
        """Return the next message; None when none comes in time."""
        try:
            return self._messages.get(timeout=max(end_s - time.monotonic(), 0))
        except Empty:
            return None


def _rejected(reported: dict[str, Any], settings: dict[str, Any]) -> list[dict[str, str]]:
    """Return what the device rejected of these settings. A long list and long names are cut."""
    keys = [
        f"{section}.{key}"
        for section, values in settings.items()
        for key in (values if isinstance(values, dict) else [])
    ]
    keys += settings
    return [
        one
        for one in reported.get("rejected", [])
        if any(key == one["field"] or _is_cut(one["field"], key) for key in keys)
    ]


def _is_cut(field: str, key: str) -> bool:
    return field.endswith("…") and key.startswith(field[:-1])


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _LONGEST_WAIT_S:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a time: expected 0 to {_LONGEST_WAIT_S:g} seconds"
        )
    return seconds


def _read(text: str) -> dict[str, Any]:
    try:
        settings = json.loads(text)
    except ValueError as error:
        raise StartError(f"settings: expected JSON: {error}") from None
    if not isinstance(settings, dict):
        raise StartError("settings: expected an object")
    return settings
