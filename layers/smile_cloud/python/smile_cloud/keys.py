"""The keys of the table.

===========  =====================  =============================================================
item         pk                     sk
===========  =====================  =============================================================
event        DEVICE#<id>            EVENT#<event_id>; in gsi1: DAY#<yyyy-mm-dd>#<shard> and
                                    <event_id>
hour         DEVICE#<id>            HOUR#<yyyy-mm-ddThh>: counts of a device
hour         FLEET#<shard>          HOUR#<yyyy-mm-ddThh>: counts of the devices in a shard
device       DEVICE#<id>            DEVICE: what is known of a device
listing      DEVICE#<id>            LISTED; in gsi1: DEVICES and <id>
sequence     DEVICE#<id>            SEQUENCE: which events of a device have arrived
alerts       DEVICE#<id>            ALERT: cooldown, limit and suppressed smiles of a device
marker       DEVICE#<id>            ALERT#<event_id>: what was done about an event
settings     DEVICE#<id>            ALERT_SETTINGS: the alert settings of a device
erased       DEVICE#<id>            ERASURE: the ranges whose events must not be stored again
erasure job  ERASURES#<id>          JOB#<job_id>
settings     ALERTS                 SETTINGS: the alert settings of the fleet
window       ALERTS                 TOPIC: when the last alerts were sent, over all devices
digest       ALERTS                 DIGEST#<yyyy-mm-ddThh:mm>: is it open, claimed or sent?
digest line  DIGEST#<minute>        EVENT#<event_id> or UPDATE#<event_id>: a smile in a digest
device       DEVICE_ALERTS          DEVICE#<id>: what was reported about a device that stopped
alert
outage       DEVICE_ALERTS          OUTAGE#<time>: devices that stopped together
lease        DEVICE_ALERTS          LEASE: which check of the devices is running
day          DAYS                   DAY#<yyyy-mm-dd>, exists when any device has an event on that
                                    day
dead letter  DEAD_LETTER#<sha256>   DEAD_LETTER
===========  =====================  =============================================================
"""

from __future__ import annotations

import zlib
from datetime import UTC, date, datetime
from typing import Final

GSI1: Final = "gsi1"
ALERT_SK: Final = "ALERT"
ALERT_SETTINGS_SK: Final = "ALERT_SETTINGS"
ALERTS_PK: Final = "ALERTS"
FLEET_SETTINGS_SK: Final = "SETTINGS"
TOPIC_SK: Final = "TOPIC"
DEVICE_ALERTS_PK: Final = "DEVICE_ALERTS"
OUTAGE_PREFIX: Final = "OUTAGE#"
LEASE_SK: Final = "LEASE"
DEVICE_SK: Final = "DEVICE"
LISTED_SK: Final = "LISTED"
SEQUENCE_SK: Final = "SEQUENCE"
DEVICES_PK: Final = "DEVICES"
ERASURE_SK: Final = "ERASURE"
DEAD_LETTER_SK: Final = "DEAD_LETTER"
DAYS_PK: Final = "DAYS"
EVENT_PREFIX: Final = "EVENT#"
DAY_PREFIX: Final = "DAY#"
HOUR_PREFIX: Final = "HOUR#"

# A partition takes 1,000 writes a second. Four shards a day take a burst of a whole fleet, and a
# day of all devices is still read in four queries. You may raise the number: stored events stay
# visible. After lowering it, those of the removed shards are no longer listed.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
DAY_SHARDS: Final = 4

# Every event writes to the hour of its shard, at 2 write units in a transaction: six shards take
# 3,000 events a second, and six queries read the statistics of all devices. You may raise the
# number: the sum over all shards stays right. Lowering it hides the removed shards.
FLEET_SHARDS: Final = 6


def device_pk(device_id: str) -> str:
    """Return the partition key of all items of a device."""
    return f"DEVICE#{device_id}"


def event_sk(event_id: str) -> str:
    """Return the sort key of an event; it sorts by the time the smile started."""
    return f"{EVENT_PREFIX}{event_id}"


def alert_marker_sk(event_id: str) -> str:
    """Return the sort key of what was done about an event."""
    return f"{ALERT_SK}#{event_id}"


def erasures_pk(device_id: str) -> str:
    """Return the partition key of the jobs that erase events of a device, or all about it."""
    return f"ERASURES#{device_id}"


def erasure_job_key(device_id: str, job_id: str) -> tuple[str, str]:
    """Return the key of a job; jobs sort by the time of their request."""
    return erasures_pk(device_id), f"JOB#{job_id}"


def digest_key(digest_id: str) -> str:
    """Return the sort key of a digest, and the partition key of its events."""
    return f"DIGEST#{digest_id}"


def hour_sk(at: datetime) -> str:
    """Return the sort key of the counts of the UTC hour that contains `at`."""
    return f"{HOUR_PREFIX}{at.astimezone(UTC):%Y-%m-%dT%H}"


def fleet_pk(shard: int) -> str:
    """Return the partition key of the hourly counts of one shard of the fleet."""
    return f"FLEET#{shard}"


def fleet_shard_of(device_id: str) -> int:
    """Return the shard of the fleet that counts the events of a device."""
    return zlib.crc32(device_id.encode()) % FLEET_SHARDS


def day_sk(day: date) -> str:
    """Return the sort key of a day with events."""
    return f"{DAY_PREFIX}{day.isoformat()}"


def day_pk(day: date, shard: int) -> str:
    """Return the gsi1 partition key of one shard of the events of a UTC day."""
    return f"{DAY_PREFIX}{day.isoformat()}#{shard}"


def dead_letter_pk(content_id: str) -> str:
    """Return the partition key of a dead letter, given the SHA-256 of its content."""
    return f"DEAD_LETTER#{content_id}"


def shard_of(event_id: str) -> int:
    """Return the shard of an event, computed from random bits of its id."""
    return int(event_id[-4:], 16) % DAY_SHARDS
