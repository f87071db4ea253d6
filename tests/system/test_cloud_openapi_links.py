"""Walks along the links of the API's description, from the list of smiles to their erasure."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import Flaky
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    ensure_resource_availability,
    ignored_auth,
    positive_data_acceptance,
    use_after_free,
)

from smile_cloud.erase_events.service import JOBS_DONE, EraseEventsService
from smile_cloud.erase_events.settings import EraseEventsSettings
from smile_cloud.erasure.job import WAIT
from smile_cloud.erasure.step_queue import Step
from smile_contract import format_time
from tests.helpers.described_api import API_KEY, EVENTS, described_api, fill_table

pytestmark = pytest.mark.system
STEPS = 25  # of a walk, at most
# A cursor belongs to one query, and from comes before to: a description cannot say either. A job
# deletes later, and what is below a camera that is erased answers with defaults and with the job.
# Each request of a walk has a valid key beside the token that the generator may add.
CANNOT_KNOW: list[Any] = [
    positive_data_acceptance,
    ensure_resource_availability,
    use_after_free,
    ignored_auth,
]

WANTED = {
    ("listEvents", HTTPStatus.OK),
    ("getEvent", HTTPStatus.OK),
    ("putFeedback", HTTPStatus.OK),
    ("eraseEvents", HTTPStatus.ACCEPTED),
    ("eraseDevice", HTTPStatus.ACCEPTED),
    ("getErasure", HTTPStatus.OK),
}


@pytest.fixture(scope="module")
def api() -> Iterator[Any]:
    with described_api() as described:
        # Odd requests have a test of their own.
        described.config.generation.update(modes=[GenerationMode.POSITIVE])
        yield described


def erase(job: dict[str, Any]) -> None:
    """Do the steps of a job, as the queue delivers them when the time to delete has come."""
    service = EraseEventsService.from_settings(
        EraseEventsSettings.from_environment(os.environ), clock=lambda: datetime.now(UTC) + WAIT
    )
    for number in count():
        if service.handle(Step(job["device_id"], job["job_id"], number))[JOBS_DONE]:
            return


def is_json(response: Any) -> bool:
    """Return whether an answer is JSON, not an export or empty."""
    return "application/json" in response.headers.get("content-type", ())


@dataclass
class Walks:
    """What all walks have seen.

    Attributes
    ----------
    answers : Counter
        How often an operation was answered with a status.
    states : Counter
        How often a job was in a state.
    verdicts : int
        How often an event had feedback.
    lists_after : int
        How often events were listed after a job had erased some.
    problems : list of BaseException
        What is wrong with the answers.
    """

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    verdicts: int = 0
    lists_after: int = 0
    problems: list[BaseException] = field(default_factory=list)

    def are_complete(self) -> bool:
        """Return whether they have seen all that the links lead to."""
        seen = self.answers.keys() >= WANTED and self.states.keys() == {"accepted", "done"}
        return seen and self.verdicts > 0 and self.lists_after > 0


def walker(api: Any, walks: Walks) -> Any:
    """Return a state machine that follows links, with a new camera and smiles for each walk."""
    base: Any = api.as_state_machine()

    class Walker(base):  # type: ignore[misc]
        def setup(self) -> None:
            fill_table()
            self.given: dict[str, str] = {}  # the verdicts of this walk
            self.gone: set[str] = set()

        def before_call(self, case: Any) -> None:
            case.headers["x-api-key"] = API_KEY

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            try:
                case.validate_response(
                    response, excluded_checks=CANNOT_KNOW, recorder=self.recorder
                )
                self._follow(response, case)
            except (Exception, FailureGroup) as problem:
                walks.problems.append(problem)  # should it not appear again
                raise

        def _follow(self, response: Any, case: Any) -> None:
            name, status = case.operation.definition.raw["operationId"], response.status_code
            walks.answers[name, status] += 1
            document = response.json() if is_json(response) else {}
            if name == "listEvents" and status == HTTPStatus.OK:
                walks.lists_after += bool(self.gone)
                self._see(document.get("events", []))
            elif name == "getEvent" and status == HTTPStatus.OK:
                self._see([document])
            elif name == "putFeedback" and status == HTTPStatus.OK:
                self.given[document["event_id"]] = document["feedback"]["verdict"]
            elif name == "getErasure" and status == HTTPStatus.OK:
                walks.states[document["state"]] += 1
                if document["state"] == "accepted":  # it was looked at for the first time
                    self._erase(document)

        def _see(self, events: list[dict[str, Any]]) -> None:
            for event in events:
                event_id, feedback = event["event_id"], event.get("feedback")
                assert event_id not in self.gone
                assert (feedback and feedback["verdict"]) == self.given.get(event_id)
                walks.verdicts += feedback is not None

        def _erase(self, job: dict[str, Any]) -> None:
            erase(job)
            first, end = job["from"] or "", job["to"]
            self.gone |= {
                one.event_id
                for one in EVENTS
                if one.device_id == job["device_id"] and first <= format_time(one.started_at) < end
            }

    return Walker


def walk(api: Any, requests: int) -> Walks:
    """Send at least so many requests, and up to five times as many to see everything."""
    walks = Walks()
    steps = settings(
        max_examples=10,
        stateful_step_count=STEPS,
        phases=[Phase.generate],
        derandomize=False,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    while walks.answers.total() < (requests if walks.are_complete() else 5 * requests):
        try:
            walker(api, walks).run(settings=steps)
        except Flaky:  # the generator picks links at random, which Hypothesis notices at times
            if walks.problems:
                raise walks.problems[0] from None
    return walks


@pytest.mark.parametrize(
    "requests", [300, pytest.param(3000, marks=[pytest.mark.long, pytest.mark.timeout(3600)])]
)
def test_the_links_lead_from_a_smile_to_its_feedback_and_its_erasure(
    api: Any, requests: int
) -> None:
    walks = walk(api, requests)
    assert walks.answers.total() >= requests
    assert walks.are_complete(), walks
