"""The content security policy of a page that loads nothing: no scripts, one style of its own."""

from __future__ import annotations

import base64
import hashlib


def html_policy(style: str, *more: str) -> str:
    """Return the policy of a page; `style` is the text of its only ``style`` element.

    Parameters
    ----------
    style : str
    *more : str
        Other directives, such as ``form-action 'self'``.
    """
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    parts = (f"style-src 'sha256-{digest}'", *more, "base-uri 'none'", "frame-ancestors 'none'")
    return "; ".join(("default-src 'none'", *parts))
