"""The thread that says how the device is: to the cloud, the stream page, the log and systemd."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from edge_lambda.delivery.sink import State
from edge_lambda.health.heartbeats import Heartbeats, encoded
from edge_lambda.health.service_manager import ServiceManager
from edge_lambda.health.vitals import Vitals

_log = logging.getLogger(__name__)
_TURN_S = 1.0
_JOIN_S = 1.0
_LEAST_EXPIRY_S = 600  # and at least three heartbeats
_HANGS_S = 120.0  # like WatchdogSec of the systemd service
_CHANGED_S = 60.0
_FIRST_S = 5.0  # soon enough to see that a new device works; late enough for a rate


class Reporter:
    """Publishes a heartbeat at the start, then every `interval_s` and after each new connection.

    A heartbeat costs money on AWS, so it is rare. When the camera's state or the pause has changed,
    the next one comes as soon as the latest is a minute old.

    Parameters
    ----------
    heartbeats : Heartbeats
    vitals : Vitals
    publish : callable
        Sends the bytes of a heartbeat, and after how many seconds nobody needs it any more.
    report_state : callable
        Reports to what supervises the device, unless it is systemd, whether it works.
    is_delivering : callable
        Returns whether the threads of the sinks run.
    interval_s : float
    is_logged : bool
        Log each heartbeat.
    service : ServiceManager
    """

    def __init__(
        self,
        heartbeats: Heartbeats,
        vitals: Vitals,
        *,
        publish: Callable[[bytes, int | None], None],
        is_delivering: Callable[[], bool],
        report_state: Callable[[State], None] = lambda _state: None,
        interval_s: float = 300.0,
        is_logged: bool = False,
        service: ServiceManager | None = None,
    ) -> None:
        self._heartbeats = heartbeats
        self._vitals = vitals
        self._publish = publish
        self._is_delivering = is_delivering
        self._report_state = report_state
        self._moved_s = time.monotonic()
        self._interval_s = interval_s
        self._is_logged = is_logged
        self._latest: dict[str, Any] = {}
        self._latest_s = float("-inf")
        self._service = service or ServiceManager()
        self._due_s = time.monotonic() + min(interval_s, _FIRST_S)
        self._fed_s = float("-inf")
        self._was_moving = True
        self._is_closing = threading.Event()
        self._service.notify("READY=1")
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)
        self._thread.start()

    def now(self) -> dict[str, object]:
        """Return the fields of the latest heartbeat, with the camera, faces and pause of now."""
        return self._latest | {
            "camera": self._vitals.camera,
            "faces": self._vitals.faces,
            "paused": self._heartbeats.is_paused,
        }

    def change_interval(self, interval_s: float) -> None:
        """Change the time between heartbeats, from the latest one on."""
        self._due_s += min(interval_s - self._interval_s, 0.0)
        self._interval_s = interval_s

    def close(self) -> None:
        """Publish that the device stops."""
        self._is_closing.set()
        self._thread.join(_JOIN_S)
        self._service.notify("STOPPING=1")
        self._publish(self._heartbeats.offline(), None)

    def _run(self) -> None:
        while not self._is_closing.wait(_TURN_S):
            try:
                self._turn(time.monotonic())
            except Exception as error:  # noqa: BLE001 - health must not end with one bad reading
                _log.error("health report failed", extra={"error": repr(error)})

    def _turn(self, now_s: float) -> None:
        self._feed_watchdog(now_s)
        if now_s < self._due_s and not self._has_news(now_s):
            return
        self._due_s, self._latest_s = now_s + self._interval_s, now_s
        beat = self._heartbeats.online()
        fields = beat.to_dict()
        self._latest = fields
        if self._is_logged:
            _log.info("health", extra=_log_fields(fields))
        self._publish(encoded(beat), max(_LEAST_EXPIRY_S, round(3 * self._interval_s)))
        state = "paused, " if beat.paused else ""
        self._service.notify(f"STATUS={state}camera {beat.camera}, {beat.frame_rate:g} frames/s")

    def _has_news(self, now_s: float) -> bool:
        if not self._latest:
            return False
        if self._heartbeats.is_connection_new:
            return True
        if now_s - self._latest_s < _CHANGED_S:
            return False
        now = self.now()
        return any(now[name] != self._latest.get(name) for name in ("camera", "paused"))

    def _feed_watchdog(self, now_s: float) -> None:
        """Report that the device works, as long as frames and delivery move.

        A restart does not bring back a camera that is away: the device tries to open it all the
        time. And the nucleus of Greengrass gives up for good after three errors in an hour.
        """
        is_moving = self._vitals.is_moving and self._is_delivering()
        if self._was_moving and not is_moving:
            _log.error("device hangs", extra={"camera": self._vitals.camera})
        self._was_moving = is_moving
        if is_moving:
            self._moved_s = now_s
        if now_s - self._moved_s >= _HANGS_S:
            self._report_state("ERRORED")
        elif is_moving and self._vitals.frames:
            self._report_state("RUNNING")
        watchdog_s = self._service.watchdog_s
        if is_moving and watchdog_s is not None and now_s - self._fed_s >= watchdog_s / 4:
            self._fed_s = now_s
            self._service.notify("WATCHDOG=1")


def _log_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != "schema_version"}
