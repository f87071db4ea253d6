"""Compare the views of the dashboard on a day with 1,000 smiles and one with ten.

Run ``make bench-dashboard``. Two local stacks hold the days. Chromium opens each view on one and
on the other in turn, and measures the time until it shows its content.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from bench.dashboard.content_time import VIEWS, Opened, open_view
from bench.dashboard.day import CAMERAS, by_camera, day_of_smiles, heartbeat
from bench.local.run import LocalRun, local_run
from bench.report import machine, table, versions, write_section
from smile_contract import SmileEvent

SECTION: Final = "dashboard"
_BATCH: Final = 50
_HEAD: Final = (
    "view", "few", "many", "ratio", "requests", "KB", "elements",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Day:
    """A stack that holds a day, and its newest smile."""

    run: LocalRun
    newest: SmileEvent

    def url(self, fragment: str) -> str:
        """Return the address of a view, with the key."""
        named = fragment.format(device_id=self.newest.device_id, event_id=self.newest.event_id)
        return f"{self.run.dashboard_url()}&{named}"


def stored_day(run: LocalRun, count: int) -> Day:
    """Store a day with so many smiles."""
    events = day_of_smiles(count)
    parts = [
        (device_id, own[at : at + _BATCH])
        for device_id, own in by_camera(events).items()
        for at in range(0, len(own), _BATCH)
    ]
    run.publish(parts)
    run.publish_heartbeats(heartbeat(device_id) for device_id in CAMERAS)
    run.wait_handled()
    if (stored := run.stored()) != count:
        raise SystemExit(f"bench.dashboard: expected {count} stored smiles, found {stored}")
    return Day(run, events[0])


def rows(
    browser: Browser, few: Day, many: Day, names: Sequence[str], rounds: int
) -> Iterator[list[str]]:
    """Yield a row for each view."""
    for name in names:
        view = VIEWS[name]
        found: tuple[list[Opened], list[Opened]] = ([], [])
        for number in range(rounds + 1):
            # The first round warms up the functions; then each day goes first in turn.
            for at in (0, 1) if number % 2 else (1, 0):
                opened = open_view(browser, (few, many)[at].url(view.fragment), view)
                if number:
                    found[at].append(opened)
        yield [name, *_cells(*found)]


def _cells(few: list[Opened], many: list[Opened]) -> list[str]:
    times = [statistics.median(one.content_ms for one in of) for of in (few, many)]
    ratios = [b.content_ms / a.content_ms for a, b in zip(few, many, strict=True)]
    pairs = [
        [f"{statistics.median(getattr(one, name) for one in of):,.0f}" for of in (few, many)]
        for name in ("requests", "kb", "elements")
    ]
    return [
        *(f"{ms:.0f} ms" for ms in times),
        f"{statistics.median(ratios):.2f}",
        *(" / ".join(pair) for pair in pairs),
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9, help="pairs of each view")
    parser.add_argument("--few", type=int, default=10, help="smiles of the one day")
    parser.add_argument("--many", type=int, default=1000, help="smiles of the other day")
    parser.add_argument("--views", nargs="+", choices=VIEWS, default=list(VIEWS), metavar="view")
    parser.add_argument("--markdown", type=Path, help="write the table into this document")
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("bench.dashboard: no Chromium here: scripts/install_chromium installs it")
    with ExitStack() as stack:
        days = [
            stored_day(stack.enter_context(local_run()), count)
            for count in (options.few, options.many)
        ]
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        found = []
        for row in rows(browser, days[0], days[1], options.views, options.rounds):
            found.append(row)
            print(" | ".join(row), flush=True)
        note = f"Measured on {machine()}, Chromium {browser.version}, {versions('ministack')}."
    head = [_HEAD[0], f"{options.few:,} smiles", f"{options.many:,} smiles", *_HEAD[3:]]
    text = f"{note}\n\n{table(head, found)}"
    print(text)
    if options.markdown:
        write_section(options.markdown, SECTION, text)


if __name__ == "__main__":
    main()
