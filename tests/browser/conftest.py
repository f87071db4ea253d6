"""The dashboard in Chromium, on the real functions and the store of ``make run``."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import paho.mqtt.publish
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from local.aws.alert_inbox import Alert
from local.run.options import Options
from local.run.stack import Stack, StackEvents
from smile_contract import Heartbeat, SmileEvent, events_topic, status_topic, truncate_to_ms
from tests.helpers.events import smile_event
from tests.helpers.http_server import serve
from tests.helpers.waiting import wait_until

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
expect.set_options(timeout=20_000)  # a busy machine is not a fault of the page
SCORES = (0.62, 0.8, 0.93, 0.9, 0.55)


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all of them in one process, which starts the functions and the browser once."""
    reason = "no Chromium on this machine: scripts/install_chromium installs it"
    for item in items:
        if Path(__file__).parent not in item.path.parents:
            continue
        item.add_marker(pytest.mark.system)
        item.add_marker(pytest.mark.xdist_group("browser"))
        if CHROMIUM is None:
            item.add_marker(pytest.mark.skip(reason=reason))


@dataclass
class Cloud:
    """The functions and the API on this machine, without a camera.

    Attributes
    ----------
    url : str
        Of the API and the dashboard.
    key : str
        The key that may do everything.
    alerts : list of Alert
        What the subscribers of the alerts have got.
    open_origin : str
        The other origin whose pages may read the API. It serves an empty page.
    """

    stack: Stack
    alerts: list[Alert]
    open_origin: str

    @property
    def url(self) -> str:
        return self.stack.url

    @property
    def key(self) -> str:
        return self.stack.api_key

    def smile(self, device_id: str, phase: str = "ended", **changes: Any) -> SmileEvent:
        """Send a smile as a camera does; it starts now unless `started_at` says when."""
        wanted = {
            "started_at": truncate_to_ms(datetime.now(UTC)),
            "score_history": SCORES,
        } | changes
        event = smile_event(phase, device_id=device_id, **wanted)
        self.send(event)
        return event

    def send(self, *events: SmileEvent) -> None:
        """Publish each event as the camera that it names."""
        messages = [
            (events_topic(event.device_id), json.dumps(event.to_dict()), 1, False)
            for event in events
        ]
        paho.mqtt.publish.multiple(messages, port=self.stack.mqtt_port)

    def beat(self, device_id: str, **changes: Any) -> None:
        """Send a heartbeat as a camera does."""
        fields: dict[str, Any] = {
            "device_id": device_id,
            "sent_at": truncate_to_ms(datetime.now(UTC)),
            "status": "online",
            "next_seq": 3,
            "uptime_ms": 3_600_000,
            "frame_rate": 14.92,
            "skipped_frames": 0,
            "outbox_events": 0,
            "camera": "ok",
        }
        payload = json.dumps(Heartbeat(**(fields | changes)).to_dict())
        paho.mqtt.publish.single(status_topic(device_id), payload, qos=1, port=self.stack.mqtt_port)

    def link_of_alert(self, event: SmileEvent) -> str:
        """Return the link of the alert about an event, once it has arrived."""

        def links() -> list[str]:
            return [alert.text for alert in self.alerts if event.event_id in alert.event_ids]

        wait_until(links)
        return links()[0]

    def wait_stored(self, *events: SmileEvent, token: str | None = None) -> None:
        """Wait until the API knows the events; it is asked with a token if one is given."""
        headers = {"Authorization": f"Bearer {token}"} if token else {"x-api-key": self.key}
        for event in events:
            url = f"{self.url}/v1/devices/{event.device_id}/events/{event.event_id}"
            wait_until(partial(_is_found, url, headers))


def _is_found(url: str, headers: dict[str, str]) -> bool:
    try:
        urlopen(Request(url, headers=headers), timeout=10).close()
    except HTTPError:
        return False
    return True


# Not for the session: its threads would go on during the other tests of the same process.
@pytest.fixture(scope="package")
def empty_page() -> Iterator[str]:
    """The origin of an empty page, with the name localhost."""
    with serve(lambda *_: (200, b"", {"Content-Type": "text/html"})) as url:
        yield url.replace("127.0.0.1", "localhost")


@pytest.fixture(scope="package")
def cloud(tmp_path_factory: pytest.TempPathFactory, empty_page: str) -> Iterator[Cloud]:
    # The alert of a test does not wait for those of the other tests.
    parameters = {"AlertsPerMinute": "600", "ApiOrigins": empty_page}
    with running_cloud(tmp_path_factory.mktemp("cloud"), parameters) as cloud:
        yield cloud


@contextmanager
def running_cloud(
    folder: Path, parameters: Mapping[str, str], environment: Mapping[str, str] | None = None
) -> Iterator[Cloud]:
    """Start the functions and the API; `environment` is that of the user."""
    options = Options(no_edge=True, parameters=list(parameters.items()))
    alerts: list[Alert] = []
    events = StackEvents(lambda _: None, alerts.append, lambda _: None)
    stack = Stack(options, folder, events, environment or {})
    try:
        stack.start_messaging()
        stack.start_functions()
        yield Cloud(stack, alerts, parameters.get("ApiOrigins", "none"))
    finally:
        stack.stop()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Root in a container has no sandbox to give; the pages are ours.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(
        locale="en-GB", timezone_id="Europe/Berlin", viewport={"width": 1280, "height": 900}
    )
    context.set_default_timeout(20_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab; its test fails when a script fails or the policy of the page refuses something."""
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: _note(problems, message.type, message.text))
    yield page
    assert problems == []


def _note(problems: list[str], kind: str, text: str) -> None:
    # Chromium logs each answer from 400 on as an error; the page handles them.
    if kind == "error" and not text.startswith("Failed to load resource"):
        problems.append(text)


@pytest.fixture
def opened(page: Page, cloud: Cloud) -> Page:
    """A tab that has the key, on the view Now."""
    page.goto(f"{cloud.url}/#key={cloud.key}", wait_until="commit")
    page.get_by_role("heading", name="Newest smiles").wait_for()
    return page
