from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from smile_cloud.errors import ConflictError
from smile_cloud.topic_window import TopicWindow
from smile_cloud.topic_window_store import TopicWindowStore

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_message_may_be_sent_while_the_window_has_room() -> None:
    window = TopicWindow()
    for second in range(3):
        at = NOW + second * SECOND
        assert window.free_at(3, at) is None
        window = window.with_send(at)
    assert window.free_at(3, NOW + 2 * SECOND) == NOW + 60 * SECOND
    assert window.free_at(3, NOW + 60 * SECOND) is None
    assert window.version == 3


def test_the_window_frees_places_one_by_one() -> None:
    window = TopicWindow((NOW, NOW + 30 * SECOND))
    assert window.free_at(1, NOW + 31 * SECOND) == NOW + 90 * SECOND
    assert window.free_at(2, NOW + 31 * SECOND) == NOW + 60 * SECOND
    later = window.with_send(NOW + 61 * SECOND)
    assert later.sent_at == (NOW + 30 * SECOND, NOW + 61 * SECOND)


def test_at_most_the_limit_is_taken_when_many_ask_at_once(aws: SimpleNamespace, table: str) -> None:
    store = TopicWindowStore(aws.dynamodb, table, 5)

    def take(_: int) -> datetime | None:
        try:
            return store.take(NOW)
        except ConflictError:
            return NOW

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(take, range(12)))
    assert answers.count(None) == 5
    assert store.take(NOW) == NOW + 60 * SECOND
    assert store.take(NOW + 60 * SECOND) is None


def test_the_error_says_so_when_others_win_every_time(
    aws: SimpleNamespace, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = TopicWindowStore(aws.dynamodb, table, 5, sleep=lambda _: None)
    store.take(NOW)
    monkeypatch.setattr(store, "_read", TopicWindow)  # always older than what is stored
    with pytest.raises(ConflictError, match="window of the alert topic: not written"):
        store.take(NOW)


def test_a_place_is_taken_when_a_transaction_was_writing_the_window(
    aws: SimpleNamespace, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_item, failures = aws.dynamodb.put_item, ["TransactionConflictException"]

    def put(**arguments: Any) -> Any:
        if failures:
            code = failures.pop()
            raise aws.dynamodb.exceptions.from_code(code)({"Error": {"Code": code}}, "PutItem")
        return put_item(**arguments)

    monkeypatch.setattr(aws.dynamodb, "put_item", put)
    store = TopicWindowStore(aws.dynamodb, table, 1, sleep=lambda _: None)
    assert store.take(NOW) is None
    assert failures == []
    assert store.take(NOW) is not None
