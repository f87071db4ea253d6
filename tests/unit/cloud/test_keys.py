"""The layout of the table that docs/cloud.md documents."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

from smile_cloud import keys
from smile_contract import uuid7

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_the_days_events_are_spread_over_four_shards() -> None:
    shards = [keys.shard_of(uuid7(NOON)) for _ in range(200)]
    assert {keys.day_pk(NOON.date(), shard) for shard in shards} == {
        f"DAY#2026-11-22#{shard}" for shard in range(4)
    }
    assert keys.shard_of("01a20451-81da-7111-8000-1234567890ab") == 3


def test_the_devices_are_spread_over_six_shards_of_the_fleet() -> None:
    shards = [keys.fleet_shard_of(f"cam-{number}") for number in range(600)]
    assert {keys.fleet_pk(shard) for shard in shards} == {f"FLEET#{shard}" for shard in range(6)}
    assert max(shards.count(shard) for shard in range(6)) < 150
    assert keys.fleet_shard_of("cam-1") == 4, "stored counts depend on it"


def test_an_hour_is_counted_in_utc_when_a_time_has_another_offset() -> None:
    berlin = timezone(timedelta(hours=1))
    assert keys.hour_sk(NOON.astimezone(berlin)) == keys.hour_sk(NOON) == "HOUR#2026-11-22T12"


def test_keys_are_as_documented() -> None:
    assert keys.device_pk("cam-1") == "DEVICE#cam-1"
    assert keys.event_sk("id") == "EVENT#id"
    assert keys.day_sk(date(2026, 11, 22)) == "DAY#2026-11-22"
    assert (keys.DAYS_PK, keys.ALERT_SK, keys.GSI1) == ("DAYS", "ALERT", "gsi1")
