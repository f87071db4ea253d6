"""Keys of the one table, in one place.

==========  ===============  ================================================================
item        pk               sk
==========  ===============  ================================================================
event       DEVICE#<id>      EVENT#<event_id>; gsi1: DAY#<yyyy-mm-dd>#<shard> / <event_id>
rollup      DEVICE#<id>      HOUR#<yyyy-mm-ddThh>
alerts      DEVICE#<id>      ALERT
day         DAYS             DAY#<yyyy-mm-dd>, there when any device has an event of that day
==========  ===============  ================================================================
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

GSI1: Final = "gsi1"
ALERT_SK: Final = "ALERT"
DAYS_PK: Final = "DAYS"
EVENT_PREFIX: Final = "EVENT#"
DAY_PREFIX: Final = "DAY#"

# One partition takes 1,000 writes a second: four make room for bursts of a whole fleet, and a
# day of all devices still reads in four queries. Raising it hides no stored event; lowering does.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
DAY_SHARDS: Final = 4


def device_pk(device_id: str) -> str:
    """Return the partition of everything that belongs to one device."""
    return f"DEVICE#{device_id}"


def event_sk(event_id: str) -> str:
    """Return the sort key of an event; sorts by the time the smile started."""
    return f"{EVENT_PREFIX}{event_id}"


def hour_sk(at: datetime) -> str:
    """Return the sort key of the hourly rollup that `at` falls in, UTC."""
    return f"HOUR#{at.astimezone(UTC):%Y-%m-%dT%H}"


def day_sk(day: date) -> str:
    """Return the sort key of the note that `day` has events."""
    return f"{DAY_PREFIX}{day.isoformat()}"


def day_pk(day: date, shard: int) -> str:
    """Return the gsi1 partition of one shard of one UTC day of all devices."""
    return f"{DAY_PREFIX}{day.isoformat()}#{shard}"


def shard_of(event_id: str) -> int:
    """Return the shard of an event, taken from random bits of its id."""
    return int(event_id[-4:], 16) % DAY_SHARDS
