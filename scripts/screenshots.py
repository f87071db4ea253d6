"""Write pictures of the dashboard to ``build/screenshots``: light, dark, phone, empty and broken.

Run ``make screenshots``. It starts the stack of ``make run`` with the bundled clip, sends smiles of
a week from three more cameras, and opens each view in Chromium. ``make screenshots SHOTS=readme``
takes one picture: that of ``README.md``, which it writes to ``docs/images/dashboard.png``.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

import paho.mqtt.publish
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from local.network.ports import LOOPBACK, free_port
from smile_contract import Face, Model, SmileEvent, events_topic, truncate_to_ms, uuid7

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "build" / "screenshots"
KEY: Final = "screenshots"
_CAMERAS: Final = ("entrance", "kitchen", "reception")
_DAYS: Final = 7
_READY: Final = "dashboard  "
README_PICTURE: Final = ROOT / "docs" / "images" / "dashboard.png"
_README: Final = "readme"
_DESKTOP: Final[ViewportSize] = {"width": 1280, "height": 860}
_PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
_LOW: Final[ViewportSize] = {"width": 1280, "height": 500}
_SETTLE_MS: Final = 2500  # the picture and the tiles, which have no spinner
_MODEL: Final = Model("3f1c9a" + "0" * 58, 0.6, 0.4)


@dataclass(frozen=True)
class Shot:
    """One picture: its name, the view, and how the browser is."""

    name: str
    view: str
    scheme: Any = "light"
    size: ViewportSize = field(default_factory=lambda: _DESKTOP)
    answer: tuple[int, str] | None = None
    """What every request to the API gets instead of its answer."""


def shots(event: SmileEvent) -> list[Shot]:
    """Return the pictures to take."""
    views = {
        "now": "/now",
        "history": "/history",
        "timeline": "/timeline?hours=24",
        "event": f"/devices/{event.device_id}/events/{event.event_id}",
        "cameras": "/cameras",
        "camera": "/devices/cam-1",
        "alerts": "/alerts?device=entrance",
        "threshold": "/threshold?device=entrance&on=0.75&off=0.5",
    }
    found = [Shot(f"{name}-light", view) for name, view in views.items()]
    found += [Shot(f"{name}-dark", view, scheme="dark") for name, view in views.items()]
    found += [Shot(f"{name}-phone", view, size=_PHONE) for name, view in views.items()]
    nothing = json.dumps({"events": [], "next_cursor": None})
    limited = json.dumps({"detail": "Send fewer requests; try again in a moment."})
    return [
        *found,
        Shot(_README, "/now", size=_LOW),
        Shot("empty", "/now", answer=(200, nothing)),
        Shot("throttled", "/now", answer=(429, limited)),
        Shot("down", "/now", answer=(503, "")),
        Shot("wrong-key", "/now", answer=(403, "{}")),
    ]


def smiles() -> list[SmileEvent]:
    """Return the smiles of a week, the same ones after each start but for their times."""
    chance = random.Random(7)  # noqa: S311 - pictures need no secrets
    now = truncate_to_ms(datetime.now(UTC))
    found = []
    for number in range(40 * _DAYS):
        days = chance.betavariate(1.2, 1.6) * _DAYS
        started_at = now - timedelta(milliseconds=round(days * 86_400_000) + number)
        duration_ms = round(chance.lognormvariate(8.1, 0.5))
        peak = round(chance.uniform(0.66, 0.98), 2)
        course = tuple(
            round(min(peak, max(0.3, peak - abs(at - 9) * 0.02 * chance.uniform(0.4, 2.2))), 2)
            for at in range(20)
        )
        found.append(
            SmileEvent(
                event_id=uuid7(started_at),
                device_id=chance.choice(_CAMERAS),
                seq=number,
                phase="ended",
                started_at=started_at,
                ended_at=started_at + timedelta(milliseconds=duration_ms),
                duration_ms=duration_ms,
                peak_score=max(course),
                mean_score=round(sum(course) / len(course), 3),
                face=Face(0.93, (round(chance.uniform(0.1, 0.7), 2), 0.3, 0.12, 0.2)),
                track_id=chance.randint(1, 4),
                model=_MODEL,
                score_history=course,
            )
        )
    return found


@contextmanager
def running() -> Iterator[tuple[str, int]]:
    """Run the stack with the clip; yield the URL of the dashboard with its key, and the broker."""
    broker = free_port()
    command = [sys.executable, "-m", "local", "--loop", "--api-key", KEY]
    command += ["--port", str(free_port()), "--mqtt-port", str(broker)]
    output = FOLDER / "run.log"
    with output.open("w") as log, subprocess.Popen(command, cwd=ROOT, stdout=log) as process:
        try:
            yield _ready_url(output, process), broker
        finally:
            process.terminate()


def _ready_url(output: Path, process: subprocess.Popen[bytes]) -> str:
    while process.poll() is None:
        for line in output.read_text("utf-8").splitlines():
            if line.startswith(_READY):
                return line.removeprefix(_READY)
        time.sleep(0.2)
    sys.exit(f"screenshots: the stack has ended, see {output.relative_to(ROOT)}")


def wait_stored(url: str, count: int) -> None:
    """Wait until the API counts so many smiles."""
    base, key = url.split("#key=")
    request = Request(f"{base}v1/stats", headers={"x-api-key": key})  # noqa: S310 - loopback
    while json.load(urlopen(request, timeout=10))["total"]["events"] < count:  # noqa: S310
        time.sleep(0.5)


def take(browser: Browser, url: str, shot: Shot) -> None:
    """Take one picture."""
    context = browser.new_context(color_scheme=shot.scheme, viewport=shot.size, locale="en-GB")
    page = context.new_page()
    if shot.answer is not None:
        _answer_all(page, *shot.answer)
    page.goto(f"{url}&{shot.view}", wait_until="commit")
    page.locator("h1").first.wait_for(state="attached")
    page.locator(".spinner").first.wait_for(state="hidden")
    page.wait_for_timeout(_SETTLE_MS)
    page.screenshot(path=FOLDER / f"{shot.name}.png")
    context.close()


def _answer_all(page: Page, status: int, body: str) -> None:
    page.route("**/v1/**", lambda route: route.fulfill(status=status, body=body))


def write_readme_picture() -> None:
    """Write the picture of ``README.md`` with few colours, which keeps it small."""
    README_PICTURE.parent.mkdir(exist_ok=True)
    with Image.open(FOLDER / f"{_README}.png") as taken:
        # The method keeps the rare colours of the boxes, and k-means those of the large areas.
        method = Image.Quantize.MAXCOVERAGE
        few = taken.convert("RGB").quantize(method=method, kmeans=1, dither=Image.Dither.NONE)
    few.save(README_PICTURE, optimize=True)


def main(names: Sequence[str]) -> None:
    """Take the pictures with these names, or all of them."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("screenshots: no Chromium on this machine: scripts/install_chromium installs it")
    FOLDER.mkdir(parents=True, exist_ok=True)
    sent = smiles()
    with running() as (url, broker), sync_playwright() as playwright:
        messages: list[Any] = [
            (events_topic(one.device_id), json.dumps(one.to_dict()), 1, False) for one in sent
        ]
        paho.mqtt.publish.multiple(messages, hostname=LOOPBACK, port=broker)
        wait_stored(url, len(sent))
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for shot in shots(max(sent, key=lambda one: one.started_at)):
            if not names or shot.name in names:
                take(browser, url, shot)
    if not names or _README in names:
        write_readme_picture()
    print(f"{FOLDER.relative_to(ROOT)}: {', '.join(sorted(p.stem for p in FOLDER.glob('*.png')))}")


if __name__ == "__main__":
    main(sys.argv[1:])
