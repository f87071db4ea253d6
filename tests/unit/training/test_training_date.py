"""The date of a training is today, or the one that the environment asks for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from training.errors import TrainingError
from training.evaluation.training_date import training_date


@pytest.mark.parametrize("given", [None, ""])
def test_date_is_today_unless_given(monkeypatch: pytest.MonkeyPatch, given: str | None) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    if given is not None:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", given)
    before = datetime.now(UTC).date().isoformat()
    assert before <= training_date() <= datetime.now(UTC).date().isoformat()


@pytest.fixture
def far_east() -> Iterator[None]:
    """A machine whose day is ahead of UTC."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Etc/GMT-14")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("far_east")
def test_date_is_that_of_the_environment_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1764374399")
    assert training_date() == "2025-11-28"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1764374400")
    assert training_date() == "2025-11-29"


@pytest.mark.parametrize("given", ["yesterday", "9" * 18, "9" * 30])
def test_date_is_rejected_when_it_is_not_in_seconds(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", given)
    with pytest.raises(TrainingError, match=f"SOURCE_DATE_EPOCH: expected seconds .* '{given}'"):
        training_date()
