"""An alert as SNS publishes it: a text of its own for each protocol."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from smile_cloud.alert_messages.wording import cut

if TYPE_CHECKING:
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef

Kind = Literal[
    "smile", "smile_update", "digest", "digest_update", "test",
    "device_offline", "device_blind", "device_recovered", "fleet_outage", "fleet_recovered",
]  # fmt: skip
SCHEMA_VERSION: Final = 1

# Programs read these protocols. `default` covers the others, such as mobile push.
# https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html
_MACHINES: Final = ("sqs", "lambda", "http", "https", "firehose", "email-json")


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """An alert.

    Attributes
    ----------
    subject : str
        At most 100 ASCII characters on one line; the subject of e-mails.
    email : str
        Plain text for people.
    sms : str
        At most 140 characters of ASCII and of the GSM alphabet: one SMS.
    document : Mapping
        The same for programs, as ``docs/alert.schema.json`` describes it.
    attributes : dict
        Message attributes for filter policies.
    """

    subject: str
    email: str
    sms: str
    document: Mapping[str, Any]
    attributes: dict[str, MessageAttributeValueTypeDef]

    def to_json(self) -> str:
        """Return the ``Message`` of a publish request with ``MessageStructure=json``."""
        document = _compact(self.document)
        texts = {"default": self.email, "email": self.email, "sms": self.sms}
        return _compact(texts | dict.fromkeys(_MACHINES, document))


def _compact(value: Mapping[str, Any]) -> str:
    # Characters as they are: an escaped one takes up to 14 bytes in the document of a document.
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def text_attribute(value: str) -> MessageAttributeValueTypeDef:
    """Return a message attribute that holds a text."""
    return {"DataType": "String", "StringValue": value}


def score_attribute(score: float) -> MessageAttributeValueTypeDef:
    """Return a message attribute that holds a score, for numeric filters."""
    return {"DataType": "Number", "StringValue": cut(score, 4)}
