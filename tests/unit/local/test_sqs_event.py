"""What a function gets from a queue, and which messages its answer names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local.functions.logged_error import logged_error
from local.functions.sqs_event import failed_ids, sqs_event


def test_event_has_the_form_of_lambdas_reference() -> None:
    message: Any = {
        "MessageId": "m1",
        "ReceiptHandle": "handle",
        "Body": "text",
        "MD5OfBody": "md5",
        "Attributes": {"ApproximateReceiveCount": "2"},
        "MessageAttributes": {"reason": {"DataType": "String", "StringValue": "clock"}},
    }
    arn = "arn:aws:sqs:us-east-1:1:Q"
    [record] = json.loads(sqs_event([message], arn, "us-east-1"))["Records"]
    assert record == {
        "messageId": "m1",
        "receiptHandle": "handle",
        "body": "text",
        "attributes": {"ApproximateReceiveCount": "2"},
        "messageAttributes": {
            "reason": {
                "stringValue": "clock",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "String",
            }
        },
        "md5OfBody": "md5",
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": "us-east-1",
    }


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (b"null", ""),
        (b"{}", ""),
        (b'{"batchItemFailures": []}', ""),
        (b'{"batchItemFailures": null}', ""),
        (b'{"batchItemFailures": [{"itemIdentifier": "a"}]}', "a"),
        (b'{"batchItemFailures": [{"itemIdentifier": "x"}]}', "ab"),
        (b'{"batchItemFailures": [{"itemIdentifier": ""}]}', "ab"),
        (b'{"batchItemFailures": [{"itemIdentifier": null}]}', "ab"),
        (b'{"batchItemFailures": [{"id": "a"}]}', "ab"),
        (b'{"batchItemFailures": "a"}', "ab"),
        (b'"text"', "ab"),
        (b"not json", "ab"),
    ],
)
def test_every_message_failed_when_the_answer_is_malformed(answer: bytes, failed: str) -> None:
    assert failed_ids(answer, ["a", "b"]) == set(failed)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"level": "ERROR", "id": "m1", "exception": "Traceback\n  x\nValueError: no"},
         "ValueError: no"),
        ({"level": "ERROR", "id": "m1", "message": "failed"}, "failed"),
        ({"level": "WARNING", "id": "m1", "message": "no time left"}, "no time left"),
        ({"level": "INFO", "id": "m1", "message": "handled"}, ""),
        ({"level": "ERROR", "id": "m2", "message": "failed"}, ""),
        (["m1"], ""),
    ],
)  # fmt: skip
def test_reason_is_the_last_error_about_a_message(tmp_path: Path, line: Any, reason: str) -> None:
    log = tmp_path / "Store.log"
    assert logged_error(log, "m1") == logged_error(None, "m1") == ""
    log.write_text(f"START m1\n{json.dumps(line)}\nnot json m1\n", "utf-8")
    assert logged_error(log, "m1") == reason


def test_only_the_end_of_a_long_log_is_read(tmp_path: Path) -> None:
    log = tmp_path / "Store.log"
    record = json.dumps({"level": "ERROR", "id": "m1", "message": "old"}) + "\n"
    log.write_text(record + "x" * 1024 * 1024, "utf-8")
    assert logged_error(log, "m1") == ""
