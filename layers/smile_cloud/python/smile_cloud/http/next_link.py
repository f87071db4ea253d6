"""The header ``Link`` that leads to the next page (RFC 8288)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode


def next_link(parameters: Mapping[str, Sequence[str]], cursor: str) -> str:
    """Return the value for the same request with this cursor.

    The reference is relative to the URL of the request, so it holds behind every proxy.

    Parameters
    ----------
    parameters : Mapping
        All values of each parameter in the query string, unescaped.
    cursor : str
        Where the next page starts.
    """
    query = urlencode({**parameters, "cursor": cursor}, doseq=True)
    return f'<?{query}>; rel="next"'
