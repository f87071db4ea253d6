"""The page that the link in an alert opens: small, self-contained and without scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from html import escape
from http import HTTPStatus
from string import Template
from typing import Final

from smile_cloud.alert_messages import wording
from smile_cloud.http.html_policy import html_policy

_STYLE: Final = """
:root{color-scheme:light dark}
body{font:1.125rem/1.5 system-ui,sans-serif;max-width:30rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;line-height:1.25;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin-top:2rem}
dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem}
dt{opacity:.75}dd{margin:0;overflow-wrap:anywhere}
form{display:flex;flex-wrap:wrap;gap:.5rem;margin:.5rem 0 1.5rem}
button{font:inherit;padding:.5rem 1rem;border:1px solid;border-radius:.5rem;cursor:pointer}
.note{border-left:.25rem solid;padding-left:.75rem}
"""
_PAGE: Final = Template(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>$style</style>
</head>
<body>
<main>
<h1>$title</h1>
$content
</main>
</body>
</html>
"""
)


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its status, its HTML and its headers."""

    status: HTTPStatus
    html: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Smile:
    """What the page says about a smile.

    Attributes
    ----------
    started_at : datetime
        Local time.
    duration_ms : int
        So far, or final.
    has_ended : bool
    peak_score : float
        0 to 1.
    """

    started_at: datetime
    duration_ms: int
    has_ended: bool
    peak_score: float


@dataclass(frozen=True, slots=True)
class Pause:
    """Until when the alerts of the camera are suspended.

    Attributes
    ----------
    until : datetime
        Local time.
    can_end : bool
        Whether the page can end it, because a page has started it.
    """

    until: datetime
    can_end: bool


def alert_page(
    token: str,
    camera: str,
    time_zone: str,
    smile: Smile | None,
    pause: Pause | None,
    *,
    dashboard: str | None,
) -> Page:
    """Return the page of an alert.

    `smile` is None when the event is not stored. `dashboard` leads to the event there; it is None
    without a dashboard.
    """
    content = [_facts(camera, time_zone, smile) if smile is not None else _NO_SMILE]
    if smile is not None and dashboard is not None:
        content.append(f'<p><a href="{escape(dashboard)}">See it in the dashboard</a></p>')
    if pause is not None:
        content.append(_paused(token, time_zone, pause))
    else:
        content += [
            "<h2>Too many alerts?</h2>",
            "<p>Pause the alerts of this camera for everybody. Smiles are still stored.</p>",
            _form(token, {"1h": "Pause for 1 hour", "24h": "Pause for 24 hours"}),
        ]
    status = HTTPStatus.OK if smile is not None else HTTPStatus.NOT_FOUND
    return _page(status, f"Smile on {camera}", "\n".join(content))


def expired_page() -> Page:
    """Return the page of a link that has expired."""
    text = "The links in alerts work for 7 days. Open the link of a newer alert."
    return _page(HTTPStatus.GONE, "This link has expired", f"<p>{text}</p>")


def unknown_page() -> Page:
    """Return the page of a link that this API has not made."""
    text = "Open the link as it is in the alert, up to its last character."
    return _page(HTTPStatus.NOT_FOUND, "This link is not valid", f"<p>{text}</p>")


def bad_form_page() -> Page:
    """Return the page for a form that the page of an alert does not have."""
    text = "Open the link of the alert and choose one of its buttons."
    return _page(HTTPStatus.BAD_REQUEST, "This request is not valid", f"<p>{text}</p>")


def back_to_page(token: str) -> Page:
    """Return the answer that sends the browser from ``{token}/pause`` back to ``{token}``."""
    return Page(HTTPStatus.SEE_OTHER, "", _headers() | {"Location": f"../{token}"})


def page_without_slash(token: str) -> Page:
    """Return the answer that sends the browser from ``{token}/`` to ``{token}``.

    The links and the form of the page are relative to its address.
    """
    return Page(HTTPStatus.PERMANENT_REDIRECT, "", _headers() | {"Location": f"../{token}"})


@lru_cache(maxsize=1)
def _headers() -> dict[str, str]:
    """Return the headers of every page: nothing is loaded, stored, framed or passed on."""
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": html_policy(_STYLE, "form-action 'self'"),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
    }


_NO_SMILE: Final = (
    "<p>This smile is not stored. It has been deleted, it is still on its way, or the alert was a "
    "test.</p>"
)


def _page(status: HTTPStatus, title: str, content: str) -> Page:
    html = _PAGE.substitute(title=escape(title), style=_STYLE, content=content)
    return Page(status, html, _headers())


def _facts(camera: str, time_zone: str, smile: Smile) -> str:
    so_far = "" if smile.has_ended else " so far"
    facts = {
        "Camera": camera,
        "Time": f"{smile.started_at:%H:%M:%S}, {wording.day(smile.started_at)} ({time_zone})",
        "Duration": f"{wording.seconds(smile.duration_ms)}{so_far}",
        "Score": f"{wording.cut(smile.peak_score, 2)} of 1{so_far}",
    }
    rows = (f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    return f"<dl>{''.join(rows)}</dl>"


def _paused(token: str, time_zone: str, pause: Pause) -> str:
    until = escape(f"{pause.until:%H:%M}, {wording.day(pause.until)} ({time_zone})")
    text = f'<p class="note">Alerts of this camera are paused until {until}.</p>'
    if pause.can_end:
        return text + _form(token, {"end": "Send alerts again"})
    return text + "<p>An operator has set this time; the page cannot end it.</p>"


def _form(token: str, buttons: dict[str, str]) -> str:
    # Relative, so that it works below a stage and below a custom domain name.
    shown = "".join(
        f'<button name="for" value="{value}">{text}</button>' for value, text in buttons.items()
    )
    return f'<form method="post" action="{escape(token)}/pause">{shown}</form>'
