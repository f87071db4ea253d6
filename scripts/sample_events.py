"""Write the SQS events of the functions that queues invoke, from the messages in ``events/``.

Run ``python -m scripts.sample_events`` after you change ``events/messages/``,
``events/heartbeats/`` or ``events/presence/``. A device or AWS IoT publishes such a message, the
IoT rule encodes it, and Lambda passes it to a function in a record of an SQS event.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from smile_cloud.rule_body import STATUS, RuleBody

EVENTS: Final = Path(__file__).resolve().parents[1] / "events"
DEVICE: Final = "cam-1"
RECEIVED_AT: Final = datetime(2026, 11, 22, 17, 33, 7, 150_000, UTC)
_ACCOUNT: Final = "123456789012"
_REGION: Final = "eu-central-1"
# The function, its queue, and the messages that are samples for it; all messages if none are named.
_FUNCTIONS: Final = (
    ("store_event", "events", ()),
    ("send_alert", "alerts", ("started", "ended", "batch", "bad_missing_field")),
)


def sqs_event(bodies: Sequence[str], queue: str = "events") -> dict[str, Any]:
    """Return the event that Lambda passes for these queue messages.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    sent_at = str(round(RECEIVED_AT.timestamp() * 1000))
    return {
        "Records": [
            {
                "messageId": f"00000000-0000-4000-8000-{number:012d}",
                "receiptHandle": f"receipt-{number}",
                "body": body,
                "attributes": {
                    "ApproximateReceiveCount": "1",
                    "SentTimestamp": sent_at,
                    "SenderId": "AROAEXAMPLE:iot",
                    "ApproximateFirstReceiveTimestamp": sent_at,
                },
                "messageAttributes": {},
                "md5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:{_REGION}:{_ACCOUNT}:{queue}",
                "awsRegion": _REGION,
            }
            for number, body in enumerate(bodies, start=1)
        ]
    }


def sample_files() -> dict[Path, str]:
    """Return the samples to write: each file and its text."""
    found: dict[Path, str] = {}
    messages = {path.stem: path.read_bytes() for path in sorted(EVENTS.glob("messages/*.json"))}
    for function, queue, names in _FUNCTIONS:
        for name in names or messages:
            body = RuleBody(DEVICE, RECEIVED_AT, messages[name]).text()
            text = json.dumps(sqs_event([body], queue), indent=2) + "\n"
            found[EVENTS / function / f"{name}.json"] = text
    for name, kind, payload in _status_messages():
        body = RuleBody(DEVICE, RECEIVED_AT, payload, kind=kind).text()
        text = json.dumps(sqs_event([body], "status"), indent=2) + "\n"
        found[EVENTS / "device_status" / f"{name}.json"] = text
    return found


def _status_messages() -> Iterator[tuple[str, str, bytes]]:
    """Yield name, kind and payload of each message for ``device_status``."""
    for path in sorted(EVENTS.glob("heartbeats/*.json")):
        yield path.stem, STATUS, path.read_bytes()
    for path in sorted(EVENTS.glob("presence/*.json")):
        yield f"presence_{path.stem}", path.stem.partition("_")[0], path.read_bytes()


def main() -> None:
    """Write the samples."""
    for path, text in sample_files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
