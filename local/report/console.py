"""The output at the terminal; plain lines where there is no terminal."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from local.aws.alert_inbox import Alert

_PLAIN_PROGRESS_S = 10.0
_ID_CHARACTERS = 13  # of a UUIDv7: its time, which differs between neighbours


class RunConsole:
    """Prints from several threads, with a progress bar at the bottom of a terminal.

    Parameters
    ----------
    console : Console, optional
        Where to print.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(soft_wrap=True, highlight=False)
        self._lock = threading.Lock()
        self._broken = False
        self._printed_progress_at = time.monotonic()
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        if self._console.is_terminal:
            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.fields[state]}"),
                console=self._console,
                transient=True,
                refresh_per_second=4,
            )

    def line(self, text: str = "", style: str = "") -> None:
        """Print one line, with control characters made visible."""
        safe = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
        with self._lock:
            if self._broken:
                return
            try:
                self._console.print(Text(safe, style=style), soft_wrap=True)
                if not self._console.is_terminal:
                    self._console.file.flush()
            except (OSError, SystemExit):  # the reader has gone; rich raises SystemExit for EPIPE
                self._broken = True
                os.kill(os.getpid(), signal.SIGTERM)

    def note(self, text: str) -> None:
        """Print a remark."""
        self.line(text, "dim")

    def problem(self, text: str) -> None:
        """Print a problem that does not end the run."""
        self.line(f"!  {text}", "yellow")

    def event(self, event: Mapping[str, Any]) -> None:
        """Print an event of the edge."""
        ended = event.get("phase") == "ended"
        length = f" after {float(event.get('duration_ms', 0)) / 1000:.1f} s" if ended else ""
        sign, what = ("■", "smile ended") if ended else ("▶", "smile started")
        self.line(
            f"{sign}  {_clock(event, 'ended_at' if ended else 'started_at')}  "
            f"{event.get('device_id')}  {what}{length}  face {event.get('track_id')}  "
            f"score {float(event.get('peak_score', 0)):.2f}  "
            f"{str(event.get('event_id'))[:_ID_CHARACTERS]}",
            "green" if ended else "bold green",
        )

    def alert(self, alert: Alert) -> None:
        """Print an alert as its subscribers get it."""
        text = " ".join(alert.text.split())
        self.line(f"✉  {': '.join(part for part in (alert.subject, text) if part)}", "magenta")

    def progress(self, record: Mapping[str, Any]) -> None:
        """Show the position in the clip, from a ``progress`` record of the edge."""
        position_ms = float(record.get("position_ms") or 0)
        duration_ms = float(record.get("duration_ms") or 0)
        of = f" of {duration_ms / 1000:.0f}" if duration_ms else ""
        faces = record.get("faces", 0)
        state = (
            f"{position_ms / 1000:.0f}{of} s  {float(record.get('frame_rate') or 0):.0f} frames/s"
            f"  {'paused' if record.get('paused') else f'faces: {faces}'}"
        )
        if (camera := record.get("camera", "ok")) != "ok":
            state += f"  camera: {_words(camera)}"
        if problems := record.get("problems"):
            state += f" ({', '.join(problems)})"
        if self._progress is not None:
            self._update_bar(position_ms, duration_ms, state)
        elif time.monotonic() - self._printed_progress_at >= _PLAIN_PROGRESS_S:
            self._printed_progress_at = time.monotonic()
            self.note(f"   at {state}")

    def health(self, record: Mapping[str, Any]) -> None:
        """Print a heartbeat of the edge."""
        camera = str(record.get("camera", "starting"))
        parts = [
            f"{float(record.get('frame_rate', 0)):.0f} frames/s",
            "paused" if record.get("paused") else _counted(record.get("faces", 0), "face"),
            _counted(record.get("outbox_events", 0), "waiting event"),
        ]
        if "latency_p95_ms" in record:
            parts.insert(1, f"latency {record['latency_p95_ms']:.0f} ms")
        if "cpu_share" in record:
            parts.append(f"{100 * record['cpu_share']:.0f} % of a core")
        if "memory_mb" in record:
            parts.append(f"{record['memory_mb']:.0f} MB")
        line = f"♥  {_clock(record, 'sent_at')}  {record.get('device_id')}  "
        line += f"camera {_words(camera)}, {', '.join(parts)}"
        self.line(line, "dim" if camera in {"ok", "starting"} else "yellow")

    def camera(self, record: Mapping[str, Any]) -> None:
        """Print that the state of the camera has changed."""
        reason = f" ({record['reason']})" if record.get("reason") else ""
        text = f"camera: {_words(record.get('state'))}{reason}"
        if record.get("state") == "ok":
            self.note(f"   {text}")
        else:
            self.problem(text)

    def end_progress(self) -> None:
        """Remove the progress bar."""
        with self._lock:
            if self._progress is not None and self._task is not None:
                self._progress.stop()
            self._progress = None

    def addresses(self, url: str, api_keys: Sequence[str], curls: Sequence[str]) -> None:
        """Print the address of the API and commands to try."""
        self.line()
        self.line(f"REST API  {url}", "bold")
        for number, key in enumerate(api_keys):
            self.line(f"{'' if number else 'API keys':10}{key}")
        for curl in curls:
            self.line(f"  {curl}", "cyan")
        self.line()

    def _update_bar(self, position_ms: float, duration_ms: float, state: str) -> None:
        with self._lock:
            if self._progress is None:
                return
            if self._task is None:
                self._progress.start()
                self._task = self._progress.add_task("playing", total=None, state="")
            self._progress.update(
                self._task, completed=position_ms, total=duration_ms or None, state=state
            )


def _clock(event: Mapping[str, Any], key: str) -> str:
    return str(event.get(key) or "").partition("T")[2].removesuffix("Z")


def _words(name: object) -> str:
    return str(name).replace("_", " ")


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"
