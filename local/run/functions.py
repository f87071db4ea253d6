"""The functions of a run, and the queues and schedules that invoke them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from local.aws.endpoints import LocalAws
from local.cloudformation.event_source_spec import EventSourceSpec
from local.cloudformation.function_spec import FunctionSpec
from local.cloudformation.schedule_spec import ScheduleSpec
from local.errors import StartError
from local.functions.event_source import EventSource, Outcome
from local.functions.function_runtime import FunctionRuntime
from local.functions.runtime_api import Answer
from local.functions.schedule import Schedule
from local.processes.child import Processes

# Environments of a function, on AWS up to `MaximumConcurrency`. Each is a process of 55 MB, and a
# machine has few processors. Two show what happens at the same time.
MAX_ENVIRONMENTS = 2


class Functions:
    """Runs functions in processes.

    Parameters
    ----------
    sources : sequence of EventSourceSpec
        The queues that invoke them.
    schedules : sequence of ScheduleSpec
        The schedules that invoke them.
    aws : LocalAws
        The endpoints that they get.
    processes : Processes
        Starts and ends the processes.
    """

    def __init__(
        self,
        sources: Sequence[EventSourceSpec],
        schedules: Sequence[ScheduleSpec],
        aws: LocalAws,
        processes: Processes,
    ) -> None:
        self._specs = sources
        self._schedule_specs = schedules
        self._aws = aws
        self._processes = processes
        self._runtimes: dict[str, list[FunctionRuntime]] = {}
        self._sources: list[EventSource | Schedule] = []
        self._last_failure = "no function logged why"

    def start(self, specs: Sequence[FunctionSpec]) -> None:
        """Start one environment of each function without waiting for it."""
        for spec in specs:
            self._runtimes[spec.logical_id] = [
                FunctionRuntime(spec, self._aws, self._processes, number + 1)
                for number in range(self._concurrency(spec.logical_id))
            ]
            self._runtimes[spec.logical_id][0].start()

    def wait_initialized(self) -> None:
        """Wait until each function is ready.

        Raises
        ------
        StartError
            When one cannot be imported.
        """
        for name, runtimes in self._runtimes.items():
            failure = runtimes[0].wait_initialized()
            if failure is not None:
                raise StartError(f"{name} cannot start: {failure.error_message()}")

    def poll(self, retry_delay_s: float, on_outcome: Callable[[Outcome], None]) -> None:
        """Invoke the functions with the messages of their queues from now on."""

        def note(outcome: Outcome) -> None:
            for failure in outcome.failures[-1:]:
                self._last_failure = failure
            on_outcome(outcome)

        for spec in self._specs:
            runtimes = self._runtimes[spec.function]
            source = EventSource(spec, runtimes, self._aws, retry_delay_s, note)
            self._sources.append(source)
            source.start()

    def schedule(self, on_problem: Callable[[str], None]) -> None:
        """Invoke the functions on their schedules from now on.

        Parameters
        ----------
        on_problem : callable
            Gets one line for each invocation that fails.
        """
        for spec in self._schedule_specs:
            schedule = Schedule(spec, self._runtimes[spec.function][0], self._aws, on_problem)
            self._sources.append(schedule)
            schedule.start()

    def invoke(self, function: str, event: bytes) -> Answer:
        """Invoke a function by its logical id."""
        return self._runtimes[function][0].invoke(event)

    def last_error(self, message_id: str) -> str:
        """Return why a function failed with a message of its queue, from the function's log.

        A function that fails as a whole logs no message ids: then it is the last failure of any.
        """
        errors = (
            runtime.logged_error(message_id)
            for spec in self._specs
            for runtime in self._runtimes[spec.function]
        )
        return next((error for error in errors if error), self._last_failure)

    def stop_polling(self) -> None:
        """Take no more messages, end the schedules, and ignore failures from now on."""
        for source in self._sources:
            source.close()

    def close(self) -> None:
        """Stop serving the processes, which `Processes` has ended."""
        for runtimes in self._runtimes.values():
            for runtime in runtimes:
                runtime.close()

    def _concurrency(self, function: str) -> int:
        wanted = [spec.max_concurrency for spec in self._specs if spec.function == function]
        return min(MAX_ENVIRONMENTS, max(wanted, default=1))
