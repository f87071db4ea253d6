from __future__ import annotations

import pytest

from edge_lambda.delivery.event_store import EventStore
from edge_lambda.delivery.record import OutboxRecord
from edge_lambda.errors import OutboxError

RECORDS = [OutboxRecord(number, "cam-1", b"{}", refusal=None) for number in range(1, 4)]


def test_counts_are_those_of_the_database_when_a_change_fails_half_way() -> None:
    store = EventStore(None, max_bytes=5)  # room for two of them
    for record in RECORDS[:2]:
        store.insert(record, "event", 1)
    assert store.refuse([2], "not authorized") == 1
    store._db.execute(
        "CREATE TRIGGER broken BEFORE DELETE ON event WHEN old.id = 2"
        " BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END"
    )
    with pytest.raises(OutboxError, match="memory: disk I/O error"):
        store.delete([1, 2])
    assert (store.count, store.quarantined, store.max_id) == (2, 1, 2)
    with pytest.raises(OutboxError):
        store.insert(RECORDS[2], "event", 2)  # takes the room of the refused one
    assert (store.count, store.quarantined, store.max_id) == (2, 1, 2)
    store._db.execute("DROP TRIGGER broken")
    assert store.insert(RECORDS[2], "event", 2) == ["ended"]
    assert [record.id for record in store.after(0, 10)] == [1, 3]
