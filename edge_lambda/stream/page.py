"""The web page that shows the stream."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from urllib.parse import quote

from edge_lambda.counted import counted

_STYLE = (
    "body{margin:0;background:#111;color:#ddd;font:16px sans-serif;text-align:center}"
    "h1{font-size:1.1rem;font-weight:normal;margin:.8rem}"
    "img{max-width:100%;max-height:85vh;background:#222;min-width:320px;min-height:180px}"
    "p{margin:.8rem}"
)
# When the device stops, browsers keep the last picture without a word. So poll, and reload.
_SCRIPT = (
    "const img=document.querySelector('img'),p=document.querySelector('p'),source=img.src;"
    "let lost=false;const ask=async()=>{try{"
    "const health=await(await fetch(img.dataset.health)).json();p.textContent=health.text;"
    "if(lost){lost=false;img.src='';img.src=source}"
    "}catch{lost=true;p.textContent='The device does not respond. Retrying…'}};"
    "ask();setInterval(ask,2000);"
)


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


CONTENT_SECURITY_POLICY = (
    "default-src 'none'; img-src 'self'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; "
    f"style-src {_source(_STYLE)}; script-src {_source(_SCRIPT)}"
)


def health_line(fields: Mapping[str, object]) -> str:
    """Return the health of the device in one line.

    Parameters
    ----------
    fields : mapping
        Of a heartbeat; some may be missing.
    """
    is_paused = bool(fields.get("paused"))
    parts = ["paused: no face is looked for"] if is_paused else []
    parts.append(f"camera: {str(fields.get('camera', 'starting')).replace('_', ' ')}")
    for name, thing in (("faces", "face"), ("outbox_events", "waiting event")):
        count = fields.get(name)
        if isinstance(count, int) and not (is_paused and name == "faces"):
            parts.append(counted(count, thing))
    if fields.get("clock") == "unsynchronized":
        parts.append("clock not synchronized")
    return ", ".join(parts)


def page(title: str, token: str | None) -> str:
    """Return the HTML of the page.

    Parameters
    ----------
    title : str
        Device id.
    token : str or None
        Added to the address of the picture.
    """
    query = f"?token={quote(token, safe='')}" if token else ""
    source, health = escape(f"stream.mjpeg{query}"), escape(f"health.json{query}")
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f'<body><h1>{escape(title)}</h1><img src="{source}" data-health="{health}" '
        'alt="live view">\n<p></p>\n'
        "<p>Live from this device. Pictures are neither stored nor sent elsewhere.</p>"
        f"<script>{_SCRIPT}</script></body></html>\n"
    )
