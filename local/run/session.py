"""One run of ``python -m local``: plays the source, prints what happens, sums up."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from local.aws.alert_inbox import Alert
from local.errors import StartError
from local.functions.event_source import Outcome
from local.report.console import RunConsole
from local.report.ground_truth import compare, load_episodes
from local.report.run_check import RunCheck, check_run, read_event
from local.report.run_log import RunLog
from local.report.summary import check_lines, delay_lines, sighting_lines, truth_lines
from local.run.announcement import print_addresses, print_ready
from local.run.edge import Edge, edge_command, text_of
from local.run.kept_data import KeptData
from local.run.options import DEFAULT_CLIP, Options
from local.run.queues import queues_readable
from local.run.stack import Stack, StackEvents
from smile_contract import format_time, parse_time

OK = 0
CHECK_FAILED = 1

_FINISH_S = 10.0  # at most, for each part of an end by Ctrl-C: a busy machine needs more than 3 s
_STORED_TIMEOUT_S = 15.0
_IDLE_TIMEOUT_S = 30.0
_ALERT_TIMEOUT_S = 2.0
_CHECK_S = 0.5
_COUNT_S = 2.0
_MOST_REASONS = 5  # printed for new dead letters


class Session:
    """One run.

    Parameters
    ----------
    options : Options
        What the user asked for.
    environment : Mapping of str to str
        The user's environment.
    started_at : float
        When the command started, from ``time.time()``.
    """

    def __init__(self, options: Options, environment: Mapping[str, str], started_at: float) -> None:
        self._options = options
        self._environment = environment
        self._started_at = started_at
        self._console = RunConsole()
        self._log = RunLog()
        self._start_time: datetime | None = None  # of a file's first frame, in its events
        self._ready_s = 0.0
        self._counted_at = 0.0
        self._dead_letters: dict[str, int] = {}
        self._finished: dict[str, Any] = {}  # what the edge logged at its end
        self._kept: KeptData | None = None

    def run(self) -> int:
        """Run until the end of the clip with ``--once``, otherwise until Ctrl-C.

        Returns
        -------
        int
            0, or 1 when an event is not stored as sent, a queue has a dead letter, most frames
            could not be used, or the events of the bundled clip are not its smiles.

        Raises
        ------
        LocalError
            When something cannot start or ends.
        """
        self._kept = self._kept_data()
        if self._kept is not None and self._options.api_key is None:
            self._options.api_key = self._kept.api_key()
        with tempfile.TemporaryDirectory(prefix="smile-local-") as folder:
            events = StackEvents(self._on_outcome, self._on_alert, self._console.problem)
            keep_in = None if self._kept is None else self._kept.folder
            stack = Stack(self._options, Path(folder), events, self._environment, keep_in)
            try:
                self._check_access(stack)
                return self._run(stack, Path(folder))
            finally:
                self._console.end_progress()
                stack.stop()

    def _check_access(self, stack: Stack) -> None:
        """Refuse a source whose events could not be read afterwards."""
        if stack.uses_tokens and not self._options.no_edge:
            raise StartError(
                "ApiAccess=jwt needs --no-edge: this program has no token to check the events with"
            )

    def _run(self, stack: Stack, folder: Path) -> int:
        stack.start_messaging()
        edge = None if self._options.no_edge else self._start_edge(stack, folder)
        stack.start_functions()
        if edge is not None:
            edge.wait(0)  # reports a source that cannot be opened before anything else
        self._ready_s = time.time() - self._started_at
        print_ready(self._console, stack, self._options, self._ready_s, self._kept)
        if edge is None:
            self._serve(stack)
        self._play(stack, edge)
        good = self._check(stack) and not edge.had_bad_frames
        if self._options.once:
            return OK if good else CHECK_FAILED
        if self._options.loop and self._options.source_file is not None:
            self._play_again(stack, folder)
        self._serve(stack)

    def _play(self, stack: Stack, edge: Edge) -> None:
        """Watch an edge until it ends; sum up when a signal ends it."""
        try:
            while not edge.wait(_CHECK_S):
                self._watch(stack)
        except KeyboardInterrupt:
            edge.finish(_FINISH_S)
            self._console.end_progress()
            self._check(stack, interrupted=True)
            raise
        self._console.end_progress()
        if edge.left_events:
            self._console.problem("the edge ended before the broker had confirmed every event")
        if edge.had_bad_frames:
            self._console.problem("most frames of the source could not be used")

    def _play_again(self, stack: Stack, folder: Path) -> NoReturn:
        """Play the source from its start, again and again, until a signal ends it."""
        self._print_addresses(stack)
        self._console.note("plays again until Ctrl-C; LOOP=0 plays it once")
        while True:
            self._log = RunLog()
            self._play(stack, self._start_edge(stack, folder))

    def _start_edge(self, stack: Stack, folder: Path) -> Edge:
        if self._options.source_file is not None:
            self._start_time = parse_time(format_time(datetime.now(UTC)))  # as events have it
        device_id = self._options.device_id
        outbox = self._kept.outbox(device_id) if self._kept else folder / "outbox.sqlite"
        argv = edge_command(self._options, stack.mqtt_port, outbox, self._start_time)
        return Edge(argv, stack.processes, self._on_event, partial(self._on_edge_log, stack))

    def _kept_data(self) -> KeptData | None:
        """Return where this run keeps its data; None when it keeps none."""
        folder = self._options.keep
        if folder is None:
            return None
        kept = KeptData(folder)
        if kept.take():
            return kept
        self._console.problem(f"another run uses {folder}: this one starts empty and keeps nothing")
        return None

    def _serve(self, stack: Stack) -> NoReturn:
        """Serve until a signal ends it."""
        self._print_addresses(stack)
        self._console.note("serving until Ctrl-C")
        while True:
            time.sleep(_CHECK_S)
            self._watch(stack)

    def _watch(self, stack: Stack) -> None:
        """Report servers that ended and new dead letters."""
        stack.check()
        if time.monotonic() < self._counted_at + _COUNT_S:
            return
        self._counted_at = time.monotonic()
        self._report_dead_letters(stack)

    def _report_dead_letters(self, stack: Stack) -> dict[str, int]:
        """Print the dead letters since the last call; return the number in each queue."""
        with queues_readable():
            counts = stack.queues.dead_letters()
            for queue, count in counts.items():
                new = count - self._dead_letters.get(queue, 0)
                self._dead_letters[queue] = count
                if new > 0:
                    self._console.problem(f"{new} new in {queue}, {count} in total")
                    self._print_reasons(stack, queue)
        return counts

    def _print_reasons(self, stack: Stack, queue: str) -> None:
        reasons = Counter(stack.queues.new_reasons(queue, stack.functions.last_error))
        for reason, count in reasons.most_common(_MOST_REASONS):
            self._console.problem(f"   {count} times: {reason}" if count > 1 else f"   {reason}")
        if len(reasons) > _MOST_REASONS:
            self._console.problem(f"   and {len(reasons) - _MOST_REASONS} other reasons")

    # --- what the parts report, from their threads ---

    def _on_event(self, event: dict[str, Any]) -> None:
        self._log.event(event)
        self._console.event(event)

    def _on_edge_log(self, stack: Stack, record: dict[str, Any]) -> None:
        if record.get("message") == "progress":
            self._log.frame(float(record.get("position_ms") or 0))
            self._console.progress(record)
        elif record.get("message") == "stream started" and "url" in record:
            stack.live.show(record["url"])
            if stack.dashboard_url is None:
                self._console.line(f"live view  {record['url']}", "bold")
        elif record.get("message") == "health":
            self._console.health(record)
        elif record.get("message") == "camera state":
            self._console.camera(record)
        elif record.get("message") == "finished":
            self._finished = record
        elif str(record.get("level", "")).lower() in ("warning", "error", "critical"):
            self._console.problem(f"edge: {text_of(record)}")

    def _on_outcome(self, outcome: Outcome) -> None:
        self._log.outcome(outcome)
        for reason, count in Counter(outcome.failures).items():
            self._console.problem(
                f"{outcome.function} failed with {count} of {outcome.message_count} messages: "
                f"{reason}"
            )

    def _on_alert(self, alert: Alert) -> None:
        self._log.alert(alert)
        self._console.alert(alert)

    # --- the end ---

    def _print_addresses(self, stack: Stack) -> None:
        event_id = next(reversed(self._log.records()), "<event_id>")
        print_addresses(self._console, stack, self._options.device_id, event_id)

    def _check(self, stack: Stack, *, interrupted: bool = False) -> bool:
        """Check and print what came of the source; return whether it is as it should be."""
        sent = {event_id: record.event for event_id, record in self._log.records().items()}
        read = partial(read_event, stack.api_port, stack.api_key)
        check = check_run(sent, read, _FINISH_S if interrupted else _STORED_TIMEOUT_S)
        with queues_readable():
            left = stack.queues.wait_idle(_FINISH_S if interrupted else _IDLE_TIMEOUT_S)
        check.waiting = {name: counts.waiting for name, counts in left.items()}
        check.delayed = {name: counts.delayed for name, counts in left.items()}
        self._wait_for_alert()
        check.dead_letters = self._report_dead_letters(stack)
        self._console.line()
        for line in check_lines(self._log, check):
            self._console.line(line, "bold" if check.good else "bold red")
        for line in sighting_lines(self._finished):
            self._console.line(line)
        true = interrupted or self._check_truth(check)
        first = ""
        if self._log.first_frame_at is not None:
            first = f"first frame after {self._log.first_frame_at - self._started_at:.1f} s, "
        self._console.line(f"start-up                   {first}ready after {self._ready_s:.1f} s")
        for line in delay_lines(self._log, self._start_time):
            self._console.line(line)
        return check.good and true

    def _wait_for_alert(self) -> None:
        """Wait a moment: a function may have published an alert that has not arrived yet."""
        deadline = time.monotonic() + _ALERT_TIMEOUT_S
        while self._log.records() and not self._log.alerts and time.monotonic() < deadline:
            time.sleep(0.05)

    def _check_truth(self, check: RunCheck) -> bool:
        """Compare the events of the bundled clip with its smiles; True for other sources."""
        source = self._options.source_file
        if source is None or self._start_time is None or source.resolve() != DEFAULT_CLIP:
            return True
        stored = list(check.stored.values())
        matches, extra = compare(load_episodes(source), stored, self._start_time)
        for line in truth_lines(matches, extra):
            self._console.line(line)
        return not extra and all(match.is_close for match in matches)
