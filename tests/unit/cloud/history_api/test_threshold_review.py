"""Reviews of thresholds over the stored smiles of a device."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from smile_cloud.attributes import to_attributes
from smile_cloud.history_api.precision import Precision
from smile_cloud.history_api.requests import ReviewThresholds
from smile_cloud.http.errors import QueryError
from smile_cloud.keys import device_pk, event_sk
from smile_contract import Model
from tests.helpers.events import smile_event
from tests.helpers.history import NOON, History

STRONG, WEAK = (0.95,) * 32, (0.65,) * 32


class Reviews:
    """A device's smiles with feedback, one minute apart."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table
        self.history = History(client, table)
        self._count = 0

    def add(self, scores: tuple[float, ...], verdict: str | None = None, **changes: Any) -> str:
        self._count += 1
        fields: dict[str, Any] = {
            "peak_score": max(scores, default=0.9),
            "mean_score": min(scores, default=0.5),
            "score_history": scores,
            "duration_ms": 3200,
            "model": Model("0" * 64, 0.6, 0.45),
        }
        event = smile_event(
            changes.pop("phase", "ended"),
            started_at=NOON - timedelta(minutes=self._count),
            **(fields | changes),
        )
        self.history.store(event)
        if verdict is not None:
            self._client.update_item(
                TableName=self._table,
                Key=to_attributes({"pk": device_pk("cam-1"), "sk": event_sk(event.event_id)}),
                UpdateExpression="SET feedback = :feedback",
                ExpressionAttributeValues=to_attributes({":feedback": {"verdict": verdict}}),
            )
        return event.event_id

    def ask(self, on: str = "0.8", off: str = "0.6", **parameters: str) -> dict[str, Any]:
        return self.history.review("cam-1", on=on, off=off, **parameters)


@pytest.fixture
def reviews(aws: SimpleNamespace, table: str) -> Reviews:
    return Reviews(aws.dynamodb, table)


def test_the_answer_names_what_would_change(reviews: Reviews) -> None:
    reviews.add(STRONG)
    shorter = reviews.add((0.95,) * 16 + (0.5,) * 16)
    gone = reviews.add(WEAK)
    reviews.add(STRONG, phase="started")
    reviews.add(())
    answer = reviews.ask()
    assert answer["events"] == {
        "replayed": 3,
        "stays": 1,
        "changes": 1,
        "vanishes": 1,
        "skipped": 2,
    }
    first, second = answer["different"]
    assert (first["event_id"], first["outcome"]) == (shorter, "changes")
    assert abs(first["replayed_duration_ms"] - 1600) <= answer["tolerance_ms"]
    assert (second["event_id"], second["outcome"], second["smiles"]) == (gone, "vanishes", 0)
    assert answer["current"] == {"on": 0.6, "off": 0.45}
    assert answer["proposed"] == {"on": 0.8, "off": 0.6, "min_duration_ms": 500}
    assert (answer["complete"], answer["advice"]) == (True, None)
    assert answer["precision"]["current"]["value"] is None


def test_there_is_advice_only_when_the_interval_allows_it(reviews: Reviews) -> None:
    for _ in range(6):
        reviews.add(STRONG, "smile")
        reviews.add(WEAK, "not_smile")
    reviews.add(STRONG, "unsure")
    answer = reviews.ask()
    assert answer["precision"]["current"] == Precision(6, 6).view()
    assert answer["precision"]["proposed"] == Precision(6, 0).view()
    assert answer["advice"] == (
        "The proposed thresholds are more precise. They keep 6 of 6 confirmed smiles."
    )
    reviews.add(STRONG, "not_smile")
    reviews.add(STRONG, "not_smile")
    assert reviews.ask()["advice"] is None, "six of eight may be the same as six of fourteen"


def test_worse_thresholds_are_advised_against(reviews: Reviews) -> None:
    for _ in range(8):
        reviews.add(WEAK, "smile")
        reviews.add(STRONG, "not_smile")
    answer = reviews.ask()
    assert answer["advice"] == "The proposed thresholds are less precise; keep the current ones."


def test_only_the_range_is_replayed(reviews: Reviews) -> None:
    for _ in range(3):
        reviews.add(STRONG)
    answer = reviews.ask(to=(NOON - timedelta(minutes=1)).isoformat())
    assert answer["events"]["replayed"] == 2
    assert answer["oldest_started_at"] == "2026-11-22T11:57:00.000Z"


def test_a_device_without_smiles_has_an_empty_review(reviews: Reviews) -> None:
    answer = reviews.ask()
    assert answer["events"]["replayed"] == 0
    assert (answer["current"], answer["oldest_started_at"]) == (None, None)


@pytest.mark.parametrize(
    ("smile", "not_smile", "interval"),
    [(0, 0, (0.0, 1.0)), (8, 2, (0.4902, 0.9433)), (10, 0, (0.7225, 1.0)), (0, 4, (0.0, 0.4899))],
)
def test_the_interval_is_that_of_wilson(
    smile: int, not_smile: int, interval: tuple[float, float]
) -> None:
    assert tuple(Precision(smile, not_smile).view()["interval_95"]) == interval


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({}, ["on", "off"]),
        ({"on": ["0.5"], "off": ["0.5"]}, ["off"]),
        ({"on": ["0.5"], "off": ["0.1", "0.2"]}, ["off"]),
        ({"on": ["2"], "off": ["0.5"], "device": ["x"]}, ["device", "on"]),
        ({"on": ["0.7"], "off": ["0.5"], "min_duration_ms": ["-1"]}, ["min_duration_ms"]),
    ],
)
def test_every_bad_parameter_is_named(parameters: dict[str, list[str]], named: list[str]) -> None:
    with pytest.raises(QueryError) as caught:
        ReviewThresholds.parse("cam-1", parameters)
    assert [problem.parameter for problem in caught.value.problems] == named
