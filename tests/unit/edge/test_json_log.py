from __future__ import annotations

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


def records(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_record_is_one_json_line_of_time_level_message_and_fields(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logging("info")
    LOG.warning("camera lost", extra={"reason": "a\nb", "path": object})
    (record,) = records(capsys)
    assert record.pop("time").endswith("Z")
    assert record == {
        "level": "warning",
        "message": "camera lost",
        "reason": "a\nb",
        "path": str(object),
    }


def test_record_has_the_traceback_of_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("info")
    try:
        int("odd")
    except ValueError:
        LOG.exception("frame failed")
    assert "ValueError: invalid literal" in records(capsys)[0]["traceback"]


def test_records_below_the_level_are_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("warning")
    LOG.info("camera back")
    assert records(capsys) == []


def test_every_record_is_written_once_when_logging_is_set_up_twice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logging("info")
    set_up_logging("info")
    LOG.info("camera back")
    assert len(records(capsys)) == 1


def test_nothing_fails_when_standard_error_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    set_up_logging("info")
    LOG.info("camera back")
