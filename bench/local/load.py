"""Measure ``make run`` under load: ``python -m bench.local.load [scenario…]``.

Each scenario starts a run of its own, publishes events over MQTT and waits until the queues are
empty.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.local.run import LocalRun, local_run, smile_events
from bench.report import machine, table, versions, write_section

_HEAD = (
    "scenario", "events", "stored", "store again", "alert again", "dead letters", "seconds",
    "CPU per event", "largest process", "alerts",
)  # fmt: skip
_STEP_EVENTS = 2000


@dataclass(frozen=True, slots=True)
class Load:
    """What was measured.

    Attributes
    ----------
    name : str
    events, stored, dead_letters, alerts : int
        Events published and stored, dead letters, alerts delivered.
    store_again, alert_again : int
        Batches in which messages came back, for each function.
    seconds : float
        From the first publish to empty queues.
    cpu_ms : float
        Processor time of all processes for each event.
    largest : str
        The process with most memory, and its peak.
    """

    name: str
    events: int
    stored: int
    store_again: int
    alert_again: int
    dead_letters: int
    alerts: int
    seconds: float
    cpu_ms: float
    largest: str

    def row(self) -> list[str]:
        """Return a row of the table."""
        return [
            self.name, str(self.events), str(self.stored), str(self.store_again),
            str(self.alert_again), str(self.dead_letters), f"{self.seconds:.1f}",
            f"{self.cpu_ms:.1f} ms", self.largest, str(self.alerts),
        ]  # fmt: skip


def measure(run: LocalRun, name: str, count: int, publish: Callable[[], None]) -> Load:
    """Publish `count` events and wait until they are handled."""
    before, stored, again, alerts = _cpu_s(run), run.stored(), _again(run), _alerts(run)
    started = time.monotonic()
    publish()
    run.wait_handled()
    seconds = time.monotonic() - started
    cpu_s = _cpu_s(run) - before
    run.wait_handled(delayed=True)  # a digest of alerts
    time.sleep(3)  # alerts on their way, and the look at the dead-letter queues every 2 s
    largest = max(run.use(), key=lambda use: use.peak_mb)
    store_again, alert_again = _again(run)
    return Load(
        name=name,
        events=count,
        stored=run.stored() - stored,
        store_again=store_again - again[0],
        alert_again=alert_again - again[1],
        dead_letters=run.dead_letters(),
        alerts=_alerts(run) - alerts,
        seconds=seconds,
        cpu_ms=1000 * cpu_s / count,
        largest=f"{largest.peak_mb:.0f} MB ({largest.name})",
    )


def batches() -> list[Load]:
    """20 batches of 50 events of one camera in a row."""
    with local_run() as run:
        events = smile_events("cam-1", 1000)
        parts = [("cam-1", events[i : i + 50]) for i in range(0, 1000, 50)]
        return [measure(run, "20 batches of 50", 1000, partial(run.publish, parts))]


def devices() -> list[Load]:
    """One event of each of 1,000 cameras."""
    with local_run() as run:
        parts = [(f"cam-{i}", smile_events(f"cam-{i}", 1)) for i in range(1000)]
        return [measure(run, "1,000 cameras", 1000, partial(run.publish, parts))]


def long() -> list[Load]:
    """10,000 events of 20 cameras in batches of 50, in five steps."""
    found = []
    with local_run() as run:
        for step in range(5):
            parts = []
            for batch in range(_STEP_EVENTS // 50):
                device_id = f"cam-{batch % 20}"
                parts.append((device_id, smile_events(device_id, 50)))
            name = f"10,000 events, to {(step + 1) * _STEP_EVENTS:,}"
            found.append(measure(run, name, _STEP_EVENTS, partial(run.publish, parts)))
    return found


def smiles() -> list[Load]:
    """60 cameras that smile in the same second."""
    with local_run() as run:
        parts = [(f"cam-{i}", smile_events(f"cam-{i}", 1)) for i in range(60)]
        return [measure(run, "60 cameras at once", 60, partial(run.publish, parts))]


SCENARIOS: dict[str, Callable[[], list[Load]]] = {
    "batches": batches,
    "devices": devices,
    "long": long,
    "smiles": smiles,
}


def main(argv: Sequence[str] | None = None) -> None:
    """Print a row for each scenario."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("scenarios", nargs="*", metavar="scenario", help=", ".join(SCENARIOS))
    parser.add_argument("--markdown", type=Path, help="write the table into this document")
    options = parser.parse_args(argv)
    if unknown := set(options.scenarios) - SCENARIOS.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}; expected {', '.join(SCENARIOS)}")
    rows = []
    for name in options.scenarios or SCENARIOS:
        rows += [load.row() for load in SCENARIOS[name]()]
        print(" | ".join(rows[-1]), flush=True)
    text = table(_HEAD, rows)
    print(text)
    if options.markdown:
        note = f"Measured on {machine()}, {versions('ministack', 'boto3', 'awslambdaric')}."
        write_section(options.markdown, "load", f"{note}\n\n{text}")


def _alerts(run: LocalRun) -> int:
    return run.printed("✉")


def _again(run: LocalRun) -> tuple[int, int]:
    functions = ("StoreEventFunction", "SendAlertFunction")
    store, alert = (run.printed(f"{name} failed") for name in functions)
    return store, alert


def _cpu_s(run: LocalRun) -> float:
    return sum(use.cpu_s for use in run.use())


if __name__ == "__main__":
    main()
