"""Which message a broker closes the connection for."""

from __future__ import annotations

from edge_lambda.delivery.lanes import Message
from edge_lambda.delivery.suspects import Mode, Suspects


def message(number: int, device_id: str = "cam-1") -> Message:
    return Message(device_id, (number,), b"{}")


def suspects_after(*closed: list[Message]) -> Suspects:
    suspects = Suspects()
    for unanswered in closed:
        suspects.closed(unanswered)
    return suspects


def test_nothing_is_suspected_after_one_close_or_an_idle_one() -> None:
    suspects = suspects_after([message(1), message(2)], [], [])
    assert suspects.mode is Mode.ALL


def test_nothing_is_suspected_when_each_close_has_another_first_message() -> None:
    suspects = suspects_after([message(1), message(2)], [message(2)], [message(1)])
    assert suspects.mode is Mode.ALL


def test_first_unanswered_message_is_sent_alone_after_two_closes() -> None:
    suspects = suspects_after([message(1), message(2)], [message(1), message(3)])
    assert (suspects.mode, suspects.suspect) == (Mode.ALONE, message(1))


def test_suspect_is_free_when_it_is_answered_alone() -> None:
    suspects = suspects_after([message(1)], [message(1)])
    suspects.answered(message(1))
    assert (suspects.mode, suspects.suspect) == (Mode.ALL, None)


def test_next_connection_is_quiet_when_it_closes_for_the_suspect_alone() -> None:
    suspects = suspects_after([message(1)], [message(1)], [])  # closed before it was sent
    assert suspects.mode is Mode.ALONE
    suspects.closed([message(1)])
    assert suspects.mode is Mode.QUIET


def test_suspect_is_free_when_a_quiet_connection_closes_too() -> None:
    suspects = suspects_after([message(1)], [message(1)], [message(1)], [])
    assert (suspects.mode, suspects.suspect) == (Mode.ALL, None)


def test_next_message_of_the_same_device_is_suspected_at_once() -> None:
    suspects = suspects_after(*[[message(1)]] * 3)
    assert not suspects.confirm_cause()
    assert suspects.mode is Mode.ALL
    suspects.closed([message(2)])
    assert suspects.mode is Mode.ALONE
    suspects.closed([message(2)])
    assert suspects.confirm_cause()  # the second one in a row: it is the whole device


def test_device_is_not_suspected_when_one_of_its_messages_was_answered() -> None:
    suspects = suspects_after(*[[message(1)]] * 3)
    suspects.confirm_cause()
    suspects.answered(message(2))
    suspects.closed([message(3)])
    assert suspects.mode is Mode.ALL
    for _ in range(2):
        suspects.closed([message(3)])
    assert not suspects.confirm_cause()


def test_message_of_another_device_needs_two_closes() -> None:
    suspects = suspects_after(*[[message(1)]] * 3)
    suspects.confirm_cause()
    suspects.closed([message(2, "cam-2")])
    assert suspects.mode is Mode.ALL
