"""The messages between device and cloud: smile events, heartbeats, ids, times, topics.

Standard library only: it runs on any device and adds little to a cold start.
"""

from __future__ import annotations

from smile_contract.errors import ContractError
from smile_contract.heartbeat import CameraState, ClockState, Heartbeat
from smile_contract.ids import (
    DEVICE_ID_PATTERN,
    is_device_id,
    uuid7,
    uuid7_lower_bound,
    uuid7_time,
)
from smile_contract.message import (
    MAX_EVENTS_PER_MESSAGE,
    Rejected,
    encode_message,
    join_messages,
    read_message,
)
from smile_contract.schema import schema
from smile_contract.smile_event import MAX_SCORE_HISTORY, SCHEMA_VERSION, Face, Model, SmileEvent
from smile_contract.times import (
    LATEST_TIME,
    LATEST_UNIX_MS,
    format_time,
    parse_time,
    truncate_to_ms,
)
from smile_contract.topics import events_topic, status_topic

__all__ = [
    "DEVICE_ID_PATTERN",
    "LATEST_TIME",
    "LATEST_UNIX_MS",
    "MAX_EVENTS_PER_MESSAGE",
    "MAX_SCORE_HISTORY",
    "SCHEMA_VERSION",
    "CameraState",
    "ClockState",
    "ContractError",
    "Face",
    "Heartbeat",
    "Model",
    "Rejected",
    "SmileEvent",
    "encode_message",
    "events_topic",
    "format_time",
    "is_device_id",
    "join_messages",
    "parse_time",
    "read_message",
    "schema",
    "status_topic",
    "truncate_to_ms",
    "uuid7",
    "uuid7_lower_bound",
    "uuid7_time",
]
