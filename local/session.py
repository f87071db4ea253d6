"""Joins the stack and the edge: plays the source, prints what happens, sums up."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from local.aws.alert_inbox import Alert
from local.edge import Edge, EdgeOptions, complaint_of
from local.errors import StartError
from local.functions.async_invoker import Outcome
from local.options import DEFAULT_CLIP, DEFAULT_PORT, Options
from local.report.console import RunConsole
from local.report.ground_truth import compare, load_episodes
from local.report.run_check import ApiClient, Verdict, count_messages, verify
from local.report.run_log import Delays, Ledger
from local.report.summary import delay_lines, truth_lines, verdict_lines
from local.stack import Stack, StackEvents
from smile_contract import format_time, parse_time

OK = 0
NOT_ALL_STORED = 1

_STORED_TIMEOUT_S = 15.0
_IDLE_TIMEOUT_S = 30.0
_ALERT_TIMEOUT_S = 2.0
_CHECK_S = 0.5
_LETTERS_S = 2.0


class Session:
    """One run of ``python -m local``.

    Parameters
    ----------
    options : Options
        What the user asked for.
    console : RunConsole
        Where to print.
    environment : Mapping of str to str
        The user's environment.
    started_at : float
        When the command began, from ``time.time()``.
    """

    def __init__(
        self,
        options: Options,
        console: RunConsole,
        environment: Mapping[str, str],
        started_at: float,
    ) -> None:
        self._environment = environment
        self._options = options
        self._console = console
        self._started_at = started_at
        self._ledger = Ledger()
        self._start_time: datetime | None = None
        self._origin: float | None = None  # when the first frame was shown, time.time()
        self._ready_s = 0.0
        self._look_at = 0.0
        self._seen_letters: dict[str, int] = {}

    def run(self) -> int:
        """Run until the end of the clip with ``--once``, otherwise until Ctrl-C.

        Returns
        -------
        int
            0, or 1 when something made on the edge is not in the table as made.

        Raises
        ------
        LocalError
            When something needed cannot be started or ends.
        """
        with tempfile.TemporaryDirectory(prefix="smile-local-") as folder:
            events = StackEvents(self._on_outcome, self._on_alert, self._console.problem)
            stack = Stack(self._options, Path(folder), events, self._environment)
            try:
                return self._run(stack, Path(folder))
            finally:
                self._console.end_progress()
                stack.stop()

    def _run(self, stack: Stack, folder: Path) -> int:
        stack.start_messaging()
        edge = self._start_edge(stack, folder)
        stack.start_functions()
        if edge is not None:
            edge.wait(0)  # a source that cannot be opened is told before anything else
        self._say_ready(stack)
        if edge is None:
            self._serve(stack)
        while not edge.wait(_CHECK_S):
            self._look_after(stack)
        self._console.end_progress()
        if edge.left_events:
            self._console.problem(
                "the edge ended with events that the broker did not take or that were lost"
            )
        verdict = self._verify(stack)
        is_true = self._print_summary(verdict)
        if self._options.once:
            return OK if verdict.good and is_true else NOT_ALL_STORED
        self._serve(stack)

    def _start_edge(self, stack: Stack, folder: Path) -> Edge | None:
        if self._options.source is None:
            return None
        if self._options.source_file is not None:
            self._start_time = parse_time(format_time(datetime.now(UTC)))
        start_time = format_time(self._start_time) if self._start_time else None
        edge_options = EdgeOptions(
            self._options.source,
            self._options.device_id,
            stack.mqtt_port,
            folder / "outbox.sqlite",
            start_time,
            self._options.edge_arguments,
        )
        return Edge(edge_options, stack.processes, self._on_event, self._on_edge_log)

    def _serve(self, stack: Stack) -> NoReturn:
        """Serve until a signal ends it."""
        self._print_addresses(stack)
        self._console.note("serving until Ctrl-C")
        while True:
            time.sleep(_CHECK_S)
            self._look_after(stack)

    def _look_after(self, stack: Stack) -> None:
        """Notice servers that ended and messages that were set aside."""
        stack.check()
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + _LETTERS_S
        for queue, count in self._letters(stack).items():
            new = count - self._seen_letters.get(queue, 0)
            self._seen_letters[queue] = count
            if new > 0:
                self._console.problem(f"{new} new in {queue}, {count} in all")

    @staticmethod
    def _letters(stack: Stack) -> dict[str, int]:
        try:
            return count_messages(stack.aws, stack.queues)
        except (BotoCoreError, ClientError) as error:
            raise StartError(f"the dead letters could not be counted: {error}") from error

    # --- what the parts report, from their threads ---

    def _on_event(self, event: dict[str, Any]) -> None:
        self._ledger.made(event)
        self._console.event(event)

    def _on_edge_log(self, record: dict[str, Any]) -> None:
        if record.get("message") == "progress":
            shown_at = time.time() - float(record.get("position_ms") or 0) / 1000
            self._origin = shown_at if self._origin is None else min(self._origin, shown_at)
            self._console.progress(record)
        elif record.get("message") == "stream started" and "url" in record:
            self._console.line(f"watch it  {record['url']}", "bold")
        elif str(record.get("level", "")).lower() in ("warning", "error", "critical"):
            self._console.problem(f"edge: {complaint_of(record)}")

    def _on_outcome(self, outcome: Outcome) -> None:
        self._ledger.outcome(outcome)
        if outcome.answer.error_type is not None:
            what = "gave up" if outcome.final else "will try again"
            self._console.problem(
                f"{outcome.function}, try {outcome.attempt}, {what}: "
                f"{outcome.answer.error_message()}"
            )

    def _on_alert(self, alert: Alert) -> None:
        self._ledger.alert(alert)
        self._console.alert(alert)

    # --- what is said ---

    def _say_ready(self, stack: Stack) -> None:
        self._ready_s = time.time() - self._started_at
        for resource in stack.not_run:
            self._console.note(f"not run on this machine: {resource}")
        for table in stack.kept_tables:
            self._console.note(f"the table {table} exists on {stack.aws.dynamodb_url}: kept as is")
        if self._options.port is None and stack.api_port != DEFAULT_PORT:
            self._console.note(f"port {DEFAULT_PORT} is in use, the API is on {stack.api_port}")
        self._console.note(
            f"ready after {self._ready_s:.1f} s: API {stack.url}, {stack.broker_kind} on "
            f"127.0.0.1:{stack.mqtt_port}, AWS on {stack.aws.endpoint_url}"
        )

    def _print_addresses(self, stack: Stack) -> None:
        header = f"-H 'x-api-key: {stack.api_key}'"
        device = quote(self._options.device_id, safe=":")
        event_id = next(reversed(self._ledger.records()), "<event_id>")
        self._console.addresses(
            stack.url,
            stack.api_key,
            [
                f"curl {header} '{stack.url}/v1/events'",
                f"curl {header} '{stack.url}/v1/events?device={device}&limit=5'",
                f"curl {header} '{stack.url}/v1/devices/{device}/events/{event_id}'",
            ],
        )

    # --- what came of it ---

    def _verify(self, stack: Stack) -> Verdict:
        made = {event_id: record.made for event_id, record in self._ledger.records().items()}
        api = ApiClient(stack.api_port, stack.api_key)
        verdict = verify(made, api, _STORED_TIMEOUT_S)
        stack.invoker.wait_idle(_IDLE_TIMEOUT_S)
        self._wait_for_alert()
        verdict.dead_letters = self._letters(stack)
        return verdict

    def _wait_for_alert(self) -> None:
        """Give SNS a moment: that a function has published does not mean that we have read it."""
        deadline = time.monotonic() + _ALERT_TIMEOUT_S
        while self._ledger.records() and not self._ledger.alerts and time.monotonic() < deadline:
            time.sleep(0.05)

    def _print_summary(self, verdict: Verdict) -> bool:
        """Print what came of the clip; returns whether it is what the ground truth says, if any."""
        self._console.line()
        for line in verdict_lines(self._ledger, verdict):
            self._console.line(line, "bold" if verdict.good else "bold red")
        is_true = self._print_truth(verdict)
        for line in delay_lines(self._ledger, self._confirmation(), self._start_words()):
            self._console.line(line)
        return is_true

    def _print_truth(self, verdict: Verdict) -> bool:
        source = self._options.source_file
        if source is None or self._start_time is None or source.resolve() != DEFAULT_CLIP:
            return True
        episodes = load_episodes(source)
        if episodes is None:
            return True
        matches, extra = compare(episodes, list(verdict.stored.values()), self._start_time)
        for line in truth_lines(matches, extra):
            self._console.line(line)
        return not extra and all(match.is_close for match in matches)

    def _confirmation(self) -> Delays | None:
        """Return the time from a smile's first frame to the edge's event."""
        delays = []
        for record in self._ledger.records().values():
            began = parse_time(str(record.made["started_at"])).timestamp()
            if self._start_time is not None:
                if self._origin is None:
                    continue
                began += self._origin - self._start_time.timestamp()
            delays.append(record.first_made_at - began)
        return Delays.of(delays)

    def _start_words(self) -> str:
        ready = f"{self._ready_s:.1f} s until everything answers"
        if self._origin is None:
            return ready
        return f"{self._origin - self._started_at:.1f} s to the first frame, {ready}"
