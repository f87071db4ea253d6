"""The text of an alert: short enough to read at a glance on a phone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from smile_contract import SmileEvent

if TYPE_CHECKING:
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef

# SNS takes subjects of less than 100 ASCII characters without line breaks:
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
_MAX_DEVICE_CHARACTERS: Final = 60


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """An alert as it is published.

    Attributes
    ----------
    subject : str
        Less than 100 ASCII characters.
    body : str
        Plain text.
    attributes : dict
        ``device_id``, ``event_id``, ``phase`` and ``smile_score``, for filter policies.
    """

    subject: str
    body: str
    attributes: dict[str, MessageAttributeValueTypeDef]


def compose(
    event: SmileEvent, *, suppressed: int, last_sent_at: datetime | None, api_url: str
) -> AlertMessage:
    """Return the alert for a smile.

    Parameters
    ----------
    event : SmileEvent
    suppressed : int
        Smiles of this device since the last alert that got no alert.
    last_sent_at : datetime or None
        When the last alert was sent.
    api_url : str
        URL of the REST API, without a trailing slash.
    """
    paragraphs = [
        f"{event.device_id} saw a smile at {event.started_at:%H:%M:%S} UTC "
        f"on {event.started_at:%Y-%m-%d}, score {event.peak_score:.2f} of 1."
    ]
    if event.phase == "ended":
        paragraphs.append(f"It lasted {event.duration_ms / 1000:.1f} s.")
    if suppressed:
        smiles = "1 more smile" if suppressed == 1 else f"{suppressed} more smiles"
        since = f" at {last_sent_at:%H:%M} UTC" if last_sent_at is not None else ""
        paragraphs.append(f"{smiles} since the last alert{since}.")
    path = f"/v1/devices/{quote(event.device_id, safe=':')}/events/{event.event_id}"
    paragraphs.append(f"Details (send your API key in the x-api-key header):\n{api_url}{path}")
    return AlertMessage(
        subject=f"Smile on {_shortened(event.device_id)} at {event.started_at:%H:%M} UTC",
        body="\n\n".join(paragraphs) + "\n",
        attributes={
            "device_id": {"DataType": "String", "StringValue": event.device_id},
            "event_id": {"DataType": "String", "StringValue": event.event_id},
            "phase": {"DataType": "String", "StringValue": event.phase},
            "smile_score": {"DataType": "Number", "StringValue": f"{event.peak_score:.4f}"},
        },
    )


def _shortened(device_id: str) -> str:
    if len(device_id) <= _MAX_DEVICE_CHARACTERS:
        return device_id
    return device_id[: _MAX_DEVICE_CHARACTERS - 3] + "..."
