"""The time from opening a link until a view of the dashboard shows its content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Browser, Response

_VIEWPORT: Final = {"width": 1280, "height": 900}
# Two frames after the change, the browser has laid out and painted it.
_WATCH: Final = """
window.contentMs = new Promise((resolve) => {
  setTimeout(() => resolve(null), 60000);
  const observer = new MutationObserver(() => {
    if (!(%s)) return;
    observer.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now())));
  });
  observer.observe(document, {
    subtree: true, childList: true, characterData: true, attributes: true });
});
"""
_HAS: Final = "document.querySelector(%s)"
_NUMBERS: Final = (
    "[...document.querySelectorAll('.tile-value')].every((one) => one.textContent !== '\\u2013')"
)


@dataclass(frozen=True, slots=True)
class View:
    """A view to open.

    Attributes
    ----------
    fragment : str
        Behind the ``#`` of the address; may hold ``{device_id}`` and ``{event_id}``.
    content : str
        An expression in JavaScript: whether the view shows its content.
    """

    fragment: str
    content: str


def _has(*selectors: str) -> str:
    return " && ".join(_HAS % json.dumps(one) for one in selectors)


VIEWS: Final[Mapping[str, View]] = {
    "now": View("/now", f"{_has('.feed .row')} && {_NUMBERS}"),
    "history": View("/history", _has(".bars", ".row")),
    "history of one camera": View("/history?device={device_id}", _has(".bars", ".row")),
    "timeline, 1 hour": View("/timeline?hours=1", _has(".mark")),
    "timeline, 24 hours": View("/timeline?hours=24", _has(".mark")),
    "cameras": View("/cameras", _has(".camera")),
    "a camera": View("/devices/{device_id}", _has(".facts")),
    "a smile": View("/devices/{device_id}/events/{event_id}", _has(".score-chart")),
    "threshold": View("/threshold?device={device_id}", _has(".outcomes")),
    "alerts": View("/alerts?device={device_id}", _has(".settings")),
}


@dataclass(frozen=True, slots=True)
class Opened:
    """What opening a view took.

    Attributes
    ----------
    content_ms : float
        From the start of the navigation to the painted content.
    requests : int
        To the API.
    kb : float
        Bodies of the answers, in thousands of bytes.
    elements : int
        Elements of the page.
    """

    content_ms: float
    requests: int
    kb: float
    elements: int


def open_view(browser: Browser, url: str, view: View) -> Opened:
    """Open a view in a browser without anything stored.

    Parameters
    ----------
    browser : Browser
    url : str
        The whole address, with the key and the fragment of the view.
    view : View
    """
    context = browser.new_context(viewport=_VIEWPORT, locale="en-GB")  # type: ignore[arg-type]
    try:
        page = context.new_page()
        answers: list[Response] = []
        page.on("response", lambda answer: answers.append(answer) if "/v1/" in answer.url else None)
        page.add_init_script(_WATCH % view.content)
        page.goto(url, wait_until="commit")
        content_ms = page.evaluate("window.contentMs")
        if content_ms is None:
            raise SystemExit(f"bench.dashboard: {view.fragment} shows no content")
        page.wait_for_load_state("networkidle")
        return Opened(
            content_ms=float(content_ms),
            requests=len(answers),
            kb=sum(len(answer.body()) for answer in answers) / 1000,
            elements=int(page.evaluate("document.querySelectorAll('*').length")),
        )
    finally:
        context.close()
