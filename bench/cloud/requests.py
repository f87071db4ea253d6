"""What the functions are invoked with: an SQS event with a smile of now, and REST requests."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from smile_cloud.rule_body import RuleBody
from smile_contract import Face, Model, SmileEvent, encode_message, truncate_to_ms, uuid7

_EVENTS = Path(__file__).parents[2] / "events"
_DEVICE = "cam-1"


def smile_of_now() -> dict[str, Any]:
    """Return what Lambda passes for a queue with one message, a smile that just started."""
    now = truncate_to_ms(datetime.now(UTC))
    event = SmileEvent(
        event_id=uuid7(now),
        device_id=_DEVICE,
        seq=1,
        phase="started",
        started_at=now,
        duration_ms=480,
        peak_score=0.91,
        mean_score=0.84,
        face=Face(0.93, (0.41, 0.22, 0.11, 0.19)),
        track_id=3,
        model=Model("0" * 64, 0.6, 0.45),
        score_history=(0.62, 0.74, 0.88, 0.91),
    )
    body = RuleBody(_DEVICE, now, encode_message([event]))
    record = {"messageId": "1", "eventSource": "aws:sqs", "body": body.text(), "attributes": {}}
    return {"Records": [record]}


def api_request(name: str) -> dict[str, Any]:
    """Return the sample ``events/<name>.json``."""
    loaded: dict[str, Any] = json.loads((_EVENTS / f"{name}.json").read_text("utf-8"))
    return loaded
