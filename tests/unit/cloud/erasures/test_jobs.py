"""Jobs that erase: what they delete, what they leave, and that they end under any fault."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError

from smile_cloud import clients
from smile_cloud.attributes import to_attributes
from smile_cloud.counts import Counts
from smile_cloud.device_registry.device import Device
from smile_cloud.device_registry.presence import PresenceEvent
from smile_cloud.device_registry.status_message import StatusMessage
from smile_cloud.erasure.job import WAIT
from smile_cloud.errors import ConflictError
from smile_cloud.http.errors import NotFoundError, QueryError
from smile_cloud.rollups import rollup_writes
from smile_cloud.send_alert.alert_policy import Decision
from smile_cloud.store_event.event_store import Outcome
from smile_contract import Heartbeat, SmileEvent, format_time
from tests.helpers.alerts import Alerts
from tests.helpers.aws_calls import before_first, failing, losing_answer, repeating
from tests.helpers.erasures import KEPT, NOW, Erasures
from tests.helpers.events import smile_event
from tests.helpers.wire_samples import HEARTBEAT

MINUTE = timedelta(minutes=1)
FAULTS: dict[str, Callable[[Any, str], AbstractContextManager[None]]] = {
    "fails once": lambda client, call: failing(client, call, times=1),
    "loses an answer": losing_answer,
    "is repeated by boto3": repeating,
}


@pytest.fixture
def erasures(table: str, erasure_queue: str) -> Erasures:
    return Erasures(table, erasure_queue)


def smile(minutes_ago: float = 60, **changes: Any) -> SmileEvent:
    return smile_event(started_at=NOW - minutes_ago * MINUTE, **changes)


def heartbeat(at: datetime, status: str = "online") -> Device:
    """Return what a status message says that arrives at once."""
    fields = HEARTBEAT | {"sent_at": format_time(at), "status": status}
    return Device.of_status(StatusMessage(Heartbeat.from_dict(fields), at))


def offline(at: datetime) -> Device:
    return heartbeat(at, "offline")


def connected(at: datetime) -> Device:
    event = PresenceEvent(at=at, version=1, is_connected=True, session="session-1")
    return Device.of_presence("cam-1", event)


def counted(erasures: Erasures, pk: str) -> dict[str, int]:
    """Return the sum of the counts that are not zero, over all hours of a partition."""
    total: dict[str, int] = {}
    for item in erasures.items():
        if item["pk"].startswith(pk) and item["sk"].startswith("HOUR#"):
            for name, value in item.items():
                if name[0] in "endsxu" and name[1:].isdigit():
                    total[name[0]] = total.get(name[0], 0) + value
    return {name: value for name, value in total.items() if value}


def put(table: str, pk: str, sk: str, **fields: Any) -> None:
    item = to_attributes({"pk": pk, "sk": sk, **fields})
    clients.dynamodb().put_item(TableName=table, Item=item)


def test_the_events_of_a_range_are_deleted_and_no_other(erasures: Erasures) -> None:
    kept = [smile(90), smile(60), smile(75, device_id="cam-2")]
    erased = [smile(89.9, duration_ms=700), smile(60.1, duration_ms=800)]
    for event in (*kept, *erased):
        erasures.store.store(event, NOW)
    job = erasures.erase_events(NOW - 89.95 * MINUTE, NOW - 60 * MINUTE)
    assert erasures.job(job)["state"] == "accepted"
    erasures.work()
    events = {item["sk"][6:] for item in erasures.items() if item["sk"].startswith("EVENT#")}
    assert events == {event.event_id for event in kept}
    assert counted(erasures, "DEVICE#cam-1") == {"e": 2, "n": 2, "d": 2000}
    assert counted(erasures, "FLEET#") == {"e": 3, "n": 3, "d": 3000}
    done = erasures.job(job)
    assert (done["state"], done["finished_at"]) == ("done", format_time(erasures.now))
    assert done["deleted"] == {"events": 2, "other_items": 0}


def test_nothing_of_a_device_is_left_when_it_is_erased(erasures: Erasures, table: str) -> None:
    other = smile(61, device_id="cam-2")
    for event in (smile(3000), smile(61), smile(1, phase="started"), smile(-4), other):
        erasures.store.store(event, NOW)
    pk, at = "DEVICE#cam-1", format_time(NOW + WAIT)
    put(table, pk, f"ALERT#{smile(1).event_id}", token="1")
    put(table, pk, "ALERT", version=3, claims={smile(1).event_id: {"at": at}})
    for sk in ("ALERT_SETTINGS", "DEVICE", "LISTED", "SEQUENCE"):
        put(table, pk, sk)
    put(table, "DEVICE_ALERTS", pk)
    put(table, "DEVICE_ALERTS", "DEVICE#cam-2")
    job = erasures.erase_device()
    erasures.work()
    assert erasures.items_of("cam-1") == []
    assert counted(erasures, "FLEET#") == {"e": 1, "n": 1, "d": 1000}
    assert {item["sk"] for item in erasures.items() if item["pk"] == "DEVICE#cam-2"} == {
        f"EVENT#{other.event_id}",
        "HOUR#2026-11-22T16",
    }
    done = erasures.job(job)
    assert done["state"] == "done"
    assert done["deleted"] == {"events": 4, "other_items": 10}


def test_what_a_device_does_after_the_request_stays(erasures: Erasures, table: str) -> None:
    erasures.store.store(smile(1), NOW)
    job = erasures.erase_device()
    new = smile(-1)
    assert erasures.store.store(new, NOW + MINUTE) is Outcome.CREATED
    put(table, "DEVICE#cam-1", f"ALERT#{new.event_id}", token="1")
    erasures.work()
    assert set(erasures.items_of("cam-1")) == {
        f"ALERT#{new.event_id}",
        f"EVENT#{new.event_id}",
        "HOUR#2026-11-22T17",
    }
    assert counted(erasures, "DEVICE#cam-1") == counted(erasures, "FLEET#")
    assert counted(erasures, "FLEET#") == {"e": 1, "n": 1, "d": 1000}
    assert erasures.job(job)["deleted"]["events"] == 1


def test_a_late_message_of_an_erased_smile_is_dropped(erasures: Erasures) -> None:
    started = smile(30, phase="started")
    erasures.store.store(started, NOW)
    erasures.erase_events(NOW - 40 * MINUTE, NOW - 20 * MINUTE)
    ended = smile(30, event_id=started.event_id, seq=1)
    late = [ended, smile(40), smile(20.001)]
    assert [erasures.store.store(one, NOW) for one in late] == [Outcome.ERASED] * 3
    erasures.work()
    assert [erasures.store.store(one, NOW) for one in late] == [Outcome.ERASED] * 3
    assert erasures.store.store(smile(20), NOW) is Outcome.CREATED
    assert erasures.store.store(smile(40.001), NOW) is Outcome.CREATED
    assert erasures.store.store(smile(30, device_id="cam-2"), NOW) is Outcome.CREATED


def test_a_late_status_message_does_not_bring_back_an_erased_device(erasures: Erasures) -> None:
    before = [heartbeat(NOW - MINUTE), offline(NOW - MINUTE / 2), connected(NOW - MINUTE)]
    for seen in before:
        erasures.devices.observe(seen)
    erasures.erase_device()
    erasures.work()
    assert [erasures.devices.observe(seen) for seen in before] == [False] * 3
    assert erasures.items_of("cam-1") == []
    new = heartbeat(erasures.now)
    assert erasures.devices.observe(new)
    assert [erasures.devices.observe(seen) for seen in before] == [False] * 3
    assert erasures.directory.get("cam-1") == new


def test_a_status_message_counts_when_only_a_range_was_erased(erasures: Erasures) -> None:
    erasures.erase_events(NOW - 40 * MINUTE, NOW)
    erasures.work()
    assert erasures.devices.observe(heartbeat(NOW - MINUTE))


def test_a_late_message_is_counted_unless_its_whole_device_was_erased(erasures: Erasures) -> None:
    event = smile(30)
    erasures.erase_events(NOW - 40 * MINUTE, NOW)
    assert erasures.store.store(event, NOW) is Outcome.ERASED
    erasures.erase_device()
    assert erasures.store.store(event, NOW) is Outcome.DEVICE_ERASED
    erasures.erase_events(NOW - 40 * MINUTE, NOW + MINUTE)
    assert erasures.store.store(event, NOW) is Outcome.DEVICE_ERASED


def test_a_store_that_has_read_before_the_request_is_deleted_by_the_job(
    erasures: Erasures,
) -> None:
    """The job waits until every function that has not seen the erasure is over."""
    event = smile(5)
    with before_first(clients.dynamodb(), "TransactWriteItems", erasures.erase_device):
        assert erasures.store.store(event, NOW) is Outcome.CREATED
    assert erasures.items_of("cam-1")
    erasures.work()
    assert erasures.items_of("cam-1") == []
    assert counted(erasures, "FLEET#") == {}


def test_no_step_deletes_before_the_wait_is_over(erasures: Erasures) -> None:
    event = smile(5)
    erasures.store.store(event, NOW)
    job = erasures.erase_device()
    assert erasures.delays == [WAIT.total_seconds()]
    erasures.now += WAIT - timedelta(seconds=2)
    [body] = erasures.take()
    assert erasures.deliver(body)
    assert erasures.job(job)["deleted"]["events"] == 0
    assert erasures.delays[1:] == [2]


def test_a_range_ends_at_the_request_when_it_reaches_into_the_future(erasures: Erasures) -> None:
    job = erasures.erase_events(NOW - MINUTE, NOW + 60 * MINUTE)
    assert (job["from"], job["to"]) == (format_time(NOW - MINUTE), format_time(NOW))
    assert erasures.store.store(smile(-1), NOW + MINUTE) is Outcome.CREATED
    again = erasures.erase_events(NOW - MINUTE, NOW + 60 * MINUTE)
    assert again["job_id"] == job["job_id"]


@pytest.mark.parametrize("start", [NOW, NOW + MINUTE])
def test_a_range_that_starts_in_the_future_is_refused(erasures: Erasures, start: datetime) -> None:
    with pytest.raises(QueryError, match="from: expected a time in the past"):
        erasures.erase_events(start, NOW + 60 * MINUTE)
    assert erasures.take() == []
    job = erasures.erase_events(NOW - MINUTE / 60_000, NOW + 60 * MINUTE)
    assert job["from"] < job["to"]


def test_an_event_that_has_expired_stays_in_the_counts_and_is_not_reported(
    erasures: Erasures,
) -> None:
    """As when DynamoDB deletes it a moment earlier."""
    old, recent = smile(60), smile(59)
    erasures.store.store(old, NOW - KEPT)
    erasures.store.store(recent, NOW)
    job = erasures.erase_events(NOW - 90 * MINUTE, NOW)
    erasures.work()
    assert [sk for sk in erasures.items_of("cam-1") if sk.startswith("EVENT#")] == []
    assert counted(erasures, "DEVICE#cam-1") == {"e": 1, "n": 1, "d": 1000}
    assert erasures.job(job)["deleted"]["events"] == 1


def test_the_counts_of_expired_events_go_when_the_device_is_erased(erasures: Erasures) -> None:
    erasures.store.store(smile(60), NOW - KEPT)
    erasures.erase_device()
    erasures.work()
    assert erasures.items_of("cam-1") == []
    assert counted(erasures, "FLEET#") == {}


def test_the_same_request_returns_the_job_that_runs(erasures: Erasures) -> None:
    erasures.store.store(smile(), NOW)
    first = erasures.erase_device()
    erasures.now += MINUTE
    assert erasures.erase_device()["job_id"] == first["job_id"]
    assert erasures.erase_events(NOW - MINUTE, NOW)["job_id"] != first["job_id"]
    assert erasures.erase_device("cam-2")["job_id"] != first["job_id"]
    erasures.work()
    assert erasures.job(first)["deleted"]["events"] == 1
    assert erasures.erase_device()["job_id"] != first["job_id"]


def test_two_equal_requests_at_once_start_one_job(erasures: Erasures) -> None:
    jobs: list[dict[str, Any]] = []
    with before_first(
        clients.dynamodb(), "TransactWriteItems", lambda: jobs.append(erasures.erase_device())
    ):
        jobs.append(erasures.erase_device())
    assert jobs[0]["job_id"] == jobs[1]["job_id"]


def test_a_request_repairs_a_job_whose_message_was_lost(erasures: Erasures) -> None:
    erasures.store.store(smile(), NOW)
    job = erasures.erase_device()
    erasures.take()
    erasures.work()
    assert erasures.job(job)["state"] == "accepted"
    erasures.erase_device()
    erasures.work()
    assert erasures.job(job)["state"] == "done"


def test_many_events_are_deleted_in_small_steps(erasures: Erasures) -> None:
    for number in range(7):
        erasures.store.store(smile(1 + number % 3, seq=number), NOW)
    job = erasures.erase_device()
    erasures.now += WAIT
    progress = []
    while bodies := erasures.take():
        for body in bodies:
            assert erasures.deliver(body)
            progress.append(erasures.job(job)["deleted"]["events"])
    assert progress == [3, 6, 7, 7]
    assert erasures.job(job)["state"] == "done"
    assert erasures.items_of("cam-1") == []
    assert counted(erasures, "FLEET#") == {}


def test_a_message_that_comes_twice_does_its_step_once(erasures: Erasures) -> None:
    for number in range(4):
        erasures.store.store(smile(seq=number), NOW)
    job = erasures.erase_device()
    erasures.now += WAIT
    [body] = erasures.take()
    assert erasures.deliver(body)
    assert erasures.deliver(body)
    assert len(erasures.take()) == 1
    assert erasures.job(job)["deleted"]["events"] == 3


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("service", "call"),
    [
        ("dynamodb", "GetItem"),
        ("dynamodb", "Query"),
        ("dynamodb", "TransactWriteItems"),
        ("dynamodb", "UpdateItem"),
        ("sqs", "SendMessage"),
    ],
)
def test_the_result_is_the_same_when_a_call_of_a_step_fails(
    erasures: Erasures, table: str, service: str, call: str, fault: str
) -> None:
    for number in range(4):
        erasures.store.store(smile(1 + 9 * number, seq=number), NOW)
    put(table, "DEVICE#cam-1", "DEVICE")
    job = erasures.erase_device()
    erasures.now += WAIT
    client = getattr(clients, service)()
    with FAULTS[fault](client, call):
        erasures.work()
    assert erasures.dead_letters == []
    assert erasures.items_of("cam-1") == []
    assert counted(erasures, "FLEET#") == {}
    done = erasures.job(job)
    assert (done["state"], done["deleted"]) == ("done", {"events": 4, "other_items": 2})


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("service", "call"),
    [
        ("dynamodb", "GetItem"),
        ("dynamodb", "Query"),
        ("dynamodb", "TransactWriteItems"),
        ("sqs", "SendMessage"),
    ],
)
def test_the_request_can_be_sent_again_when_a_call_of_it_fails(
    erasures: Erasures, service: str, call: str, fault: str
) -> None:
    erasures.store.store(smile(), NOW)
    with FAULTS[fault](getattr(clients, service)(), call):
        try:
            erasures.erase_device()
        except BotoCoreError:
            erasures.erase_device()
    erasures.work()
    jobs = [item for item in erasures.items() if item["sk"].startswith("JOB#")]
    assert [(job["job_state"], job["events"]) for job in jobs] == [("done", 1)]
    assert erasures.items_of("cam-1") == []


def test_a_step_fails_and_comes_back_while_the_table_is_unreachable(erasures: Erasures) -> None:
    erasures.store.store(smile(), NOW)
    job = erasures.erase_device()
    with failing(clients.dynamodb(), "TransactWriteItems"):
        erasures.work()
    assert len(erasures.dead_letters) == 1
    erasures.erase_device()  # or make redrive
    erasures.work()
    assert erasures.job(job)["state"] == "done"


def test_an_event_that_changes_meanwhile_is_subtracted_as_it_is(
    erasures: Erasures, table: str
) -> None:
    """People may give feedback about an event until it is deleted."""
    event = smile()
    erasures.store.store(event, NOW)

    def give_feedback() -> None:
        update: Any = {
            "TableName": table,
            "Key": to_attributes({"pk": "DEVICE#cam-1", "sk": f"EVENT#{event.event_id}"}),
            "UpdateExpression": "SET feedback = :feedback",
            "ExpressionAttributeValues": to_attributes({":feedback": {"verdict": "smile"}}),
        }
        writes = rollup_writes(table, "cam-1", event.started_at, Counts(smile=1))
        clients.dynamodb().transact_write_items(TransactItems=[{"Update": update}, *writes])

    job = erasures.erase_events(NOW - 90 * MINUTE, NOW)
    with before_first(clients.dynamodb(), "TransactWriteItems", give_feedback):
        erasures.work()
    assert counted(erasures, "DEVICE#cam-1") == counted(erasures, "FLEET#") == {}
    assert erasures.job(job)["deleted"]["events"] == 1


def test_the_state_of_alerts_stays_while_a_new_alert_is_sent(
    erasures: Erasures, table: str
) -> None:
    erasures.erase_device()
    new = smile(-1)
    at = NOW + WAIT - timedelta(seconds=1)
    put(table, "DEVICE#cam-1", "ALERT", version=1, claims={new.event_id: {"at": format_time(at)}})
    erasures.now += WAIT
    [body] = erasures.take()
    with pytest.raises(ConflictError, match="AlertInFlight"):
        erasures.handle(body)
    erasures.now += timedelta(seconds=40)
    erasures.handle(body)
    assert erasures.items_of("cam-1") == []


def test_the_state_of_alerts_stays_when_an_alert_is_claimed_meanwhile(
    erasures: Erasures, table: str
) -> None:
    pk, new = "DEVICE#cam-1", smile(-1)
    put(table, pk, "ALERT", version=1)
    erasures.erase_device()
    erasures.now += WAIT
    [body] = erasures.take()
    claims = {new.event_id: {"at": format_time(erasures.now)}}
    with (
        before_first(
            clients.dynamodb(),
            "TransactWriteItems",
            lambda: put(table, pk, "ALERT", version=2, claims=claims),
        ),
        pytest.raises(ConflictError, match="AlertInFlight"),
    ):
        erasures.handle(body)
    assert erasures.items_of("cam-1") == ["ALERT"]


def test_a_late_message_of_an_erased_smile_sends_no_alert(
    erasures: Erasures, alerts: Alerts
) -> None:
    erasures.erase_device()
    assert alerts.handle(smile(1), smile(1, device_id="cam-2"), smile(0)) == [
        Decision.ERASED,
        Decision.SEND,
        Decision.SEND,
    ]
    assert erasures.items_of("cam-1") != []
    assert len(alerts.published()) == 2


def test_two_requests_at_once_both_keep_their_ranges(erasures: Erasures) -> None:
    def erase(minutes_ago: int) -> None:
        erasures.erase_events(NOW - (minutes_ago + 1) * MINUTE, NOW - minutes_ago * MINUTE)

    with before_first(clients.dynamodb(), "TransactWriteItems", lambda: erase(10)):
        erase(30)
    late = [smile(30.5), smile(10.5)]
    assert [erasures.store.store(one, NOW) for one in late] == [Outcome.ERASED] * 2


def test_a_device_may_have_a_hundred_separate_ranges(erasures: Erasures) -> None:
    def erase(number: int) -> None:
        erasures.erase_events(NOW - (2 * number + 1) * MINUTE, NOW - 2 * number * MINUTE)

    for number in range(100):
        erase(number)
    with pytest.raises(QueryError, match="from: expected at most 100 separate ranges"):
        erase(100)
    erasures.erase_events(NOW - 300 * MINUTE, NOW)
    erase(100)


def test_an_unknown_or_expired_job_is_not_found(erasures: Erasures) -> None:
    job = erasures.erase_device()
    with pytest.raises(NotFoundError, match="has no erasure"):
        erasures.job(job | {"device_id": "cam-2"})
    erasures.now += 490 * timedelta(days=1)
    with pytest.raises(NotFoundError, match="has expired"):
        erasures.job(job)


def test_a_step_of_a_job_that_is_gone_does_nothing(erasures: Erasures) -> None:
    job = erasures.erase_device()
    erasures.remove_job(job)
    erasures.work()
    assert erasures.dead_letters == []
