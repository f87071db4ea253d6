"""Make the heartbeats and the last will of the device."""

from __future__ import annotations

import hashlib
import json
import re
import time
from datetime import UTC, datetime
from typing import Any, Literal

from edge_lambda.config import EdgeConfig
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.health import machine
from edge_lambda.health.clock_gate import ClockGate
from edge_lambda.health.vitals import Vitals
from edge_lambda.version import VERSION
from smile_contract import Heartbeat, truncate_to_ms

_LOGIN = re.compile("//.*@")
_MOST_FRAMES_PER_S = 1000.0


class Heartbeats:
    """Makes heartbeats. Rates and latencies are those since the heartbeat before.

    Parameters
    ----------
    config : EdgeConfig
    model_sha256 : str
    outbox : Outbox

    Attributes
    ----------
    vitals : Vitals or None
        Set when the camera is open; the last will is needed before that.
    gate : ClockGate or None
    is_paused : bool
        Whether no faces are looked for now.
    is_connection_new : bool
        Whether no heartbeat has named the latest connection yet.
    """

    def __init__(self, config: EdgeConfig, model_sha256: str, outbox: Outbox) -> None:
        self.vitals: Vitals | None = None
        self.gate: ClockGate | None = None
        self.is_connection_new = False
        self._connected_at: datetime | None = None
        self._device_id = config.device_id
        self.configure(config)
        self._model_sha256 = model_sha256
        self._outbox = outbox
        self._started_s = self._last_s = time.monotonic()
        self._last_cpu_s = time.process_time()
        self._last_frames = 0

    def configure(self, config: EdgeConfig) -> None:
        """Name another configuration in the next heartbeats."""
        self._configuration = configuration_version(config)
        self._interval_s = config.health.interval_s
        self.is_paused = config.paused

    def online(self) -> Heartbeat:
        """Return a heartbeat, and start the next period."""
        self.is_connection_new = False
        now_s, cpu_s = time.monotonic(), time.process_time()
        elapsed_s = max(now_s - self._last_s, 1e-3)
        more: dict[str, Any] = {}
        frames = 0
        if self.vitals is not None:
            frames = self.vitals.frames
            latency, best = self.vitals.take_latency(), self.vitals.take_best_score()
            more = {
                "latency_p50_ms": latency.p50_ms,
                "latency_p95_ms": latency.p95_ms,
                "faces": self.vitals.faces,
                "best_smile_score": None if best is None else round(best, 4),
                "camera": self.vitals.camera,
            }
        memory_mb, temperature_c = machine.memory_mb(), machine.temperature_c()
        beat = self._make(
            "online",
            frame_rate=min((frames - self._last_frames) / elapsed_s, _MOST_FRAMES_PER_S),
            cpu_share=round((cpu_s - self._last_cpu_s) / elapsed_s, 3),
            memory_mb=None if memory_mb is None else round(memory_mb, 1),
            temperature_c=None if temperature_c is None else round(temperature_c, 1),
            clock=machine.clock_state(),
            paused=self.is_paused,
            **more,
        )
        self._last_s, self._last_cpu_s, self._last_frames = now_s, cpu_s, frames
        return beat

    def offline(self) -> bytes:
        """Return the message of an orderly stop."""
        return encoded(self._make("offline", frame_rate=0.0))

    def will(self) -> bytes:
        """Return the last will of a connection that is opened now."""
        self._connected_at = _now()
        self.is_connection_new = True
        return encoded(self._make("offline", frame_rate=0.0, sent_at=self._connected_at))

    def _make(
        self,
        status: Literal["online", "offline"],
        frame_rate: float,
        sent_at: datetime | None = None,
        **more: Any,
    ) -> Heartbeat:
        outbox = self._outbox.status()
        oldest_s = outbox.oldest_age_s
        held, undated = (0, 0) if self.gate is None else (self.gate.held, self.gate.lost)
        source = None if self.vitals is None else self.vitals.source
        return Heartbeat(
            device_id=self._device_id,
            sent_at=sent_at or _now(),
            status=status,
            next_seq=self._outbox.next_seq(self._device_id),
            uptime_ms=round((time.monotonic() - self._started_s) * 1000),
            frame_rate=round(frame_rate, 2),
            skipped_frames=0 if source is None else source.skipped_frames,
            damaged_frames=0 if source is None else source.damaged_frames,
            restarts=0 if source is None else source.restarts,
            outbox_events=outbox.waiting + held,
            outbox_oldest_ms=None if oldest_s is None else round(oldest_s * 1000),
            dropped_events=outbox.dropped,
            lost_events=outbox.lost + undated,
            refused_events=outbox.quarantined,
            interval_s=self._interval_s,
            connected_at=self._connected_at,
            model_sha256=self._model_sha256,
            configuration=self._configuration,
            program_version=VERSION,
            **more,
        )


def _now() -> datetime:
    return truncate_to_ms(datetime.fromtimestamp(time.time(), UTC))


def encoded(beat: Heartbeat) -> bytes:
    """Return the message of a heartbeat."""
    return json.dumps(beat.to_dict(), separators=(",", ":")).encode()


def configuration_version(config: EdgeConfig) -> str:
    """Return 16 hexadecimal digits that change with the settings in effect.

    Addresses count without their users and passwords, and the stream token does not count.
    """
    fields = config.model_dump(mode="json", exclude={"stream": {"token"}})
    fields["source"] = _LOGIN.sub("//", config.source)
    fields["mqtt"]["url"] = _LOGIN.sub("//", config.mqtt.url)
    text = json.dumps(fields, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
