from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from edge_lambda.json_log import set_up_logging

LOG = logging.getLogger("edge_lambda.camera")


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    yield
    logger = logging.getLogger("edge_lambda")
    logger.handlers, logger.propagate = [], True
    logger.setLevel(logging.NOTSET)


@pytest.fixture
def stderr(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


def records(stderr: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stderr.getvalue().splitlines()]


def test_record_is_one_json_line_of_time_level_message_and_fields(stderr: io.StringIO) -> None:
    set_up_logging("info")
    LOG.warning("camera lost", extra={"reason": "a\nb", "path": object})
    (record,) = records(stderr)
    assert record.pop("time").endswith("Z")
    assert record == {
        "level": "warning",
        "message": "camera lost",
        "reason": "a\nb",
        "path": str(object),
    }


def test_record_has_the_traceback_of_an_error(stderr: io.StringIO) -> None:
    set_up_logging("info")
    try:
        raise ValueError("odd")
    except ValueError:
        LOG.exception("frame failed")
    assert "ValueError: odd" in records(stderr)[0]["traceback"]


def test_records_below_the_level_are_dropped(stderr: io.StringIO) -> None:
    set_up_logging("warning")
    LOG.info("camera back")
    assert records(stderr) == []


def test_every_record_is_written_once_when_logging_is_set_up_twice(stderr: io.StringIO) -> None:
    set_up_logging("info")
    set_up_logging("info")
    LOG.info("camera back")
    assert len(records(stderr)) == 1


def test_nothing_fails_when_standard_error_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    set_up_logging("info")
    LOG.info("camera back")
