"""Schedules of EventBridge Scheduler: a function is invoked at a fixed rate.

Source: "Schedule types in EventBridge Scheduler" and "Adding context attributes", EventBridge
Scheduler User Guide.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from local.aws.endpoints import LocalAws
from local.cloudformation.physical import ACCOUNT_ID, STACK_NAME
from local.cloudformation.schedule_spec import ScheduleSpec
from local.functions.function_runtime import FunctionRuntime


class Schedule:
    """Invokes a function again and again; an invocation that takes too long delays the next.

    Parameters
    ----------
    spec : ScheduleSpec
        The function, and the time between two invocations.
    runtime : FunctionRuntime
        An environment of the function.
    aws : LocalAws
        Names the region.
    on_problem : callable
        Called in the background with one line for each invocation that fails.
    """

    def __init__(
        self,
        spec: ScheduleSpec,
        runtime: FunctionRuntime,
        aws: LocalAws,
        on_problem: Callable[[str], None],
    ) -> None:
        self._spec = spec
        self._runtime = runtime
        self._aws = aws
        self._on_problem = on_problem
        self._closed = threading.Event()

    def start(self) -> None:
        """Start; the first invocation comes after the time between two."""
        name = f"{self._spec.function} schedule"
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def close(self) -> None:
        """Stop, and ignore the failures of functions that are being ended."""
        self._closed.set()

    def _work(self) -> None:
        while not self._closed.wait(self._spec.every_s):
            answer = self._runtime.invoke(schedule_event(self._aws.region, self._spec.function))
            if answer.error_type is not None and not self._closed.is_set():
                self._on_problem(f"{self._spec.function} failed: {answer.error_message()}")


def schedule_event(region: str, name: str) -> bytes:
    """Return what a schedule without an input passes to a function, as JSON."""
    arn = f"arn:aws:scheduler:{region}:{ACCOUNT_ID}:schedule/default/{STACK_NAME}-{name}"
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT_ID,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [arn],
        "detail": "{}",
    }
    return json.dumps(event).encode()
