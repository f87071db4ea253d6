"""Metrics as text, written the same way everywhere on the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["number_of", "share_with_count", "with_interval"]


def with_interval(metrics: Mapping[str, Any], name: str, digits: int = 3) -> str:
    """Return a metric and its 95 % interval, if it has one: "0.955 (0.940-0.966)"."""
    value = f"{metrics[name]:.{digits}f}"
    if f"{name}_95" not in metrics:
        return value
    low, high = metrics[f"{name}_95"]
    return f"{value} ({low:.{digits}f}\u2013{high:.{digits}f})"


def number_of(count: int, total: int) -> str:
    """Return "2,481 of 2,484 (99.9%)"."""
    return f"{count:,} of {total:,} ({count / total:.1%})"


def share_with_count(metrics: Mapping[str, Any]) -> str:
    """Return a count, its share and the 95 % interval: "3 of 247 (1.2%, 0.4%-3.5%)"."""
    low, high = metrics["share_95"]
    share = f"{metrics['share']:.1%}, {low:.1%}\u2013{high:.1%}"
    return f"{metrics['count']:,} of {metrics['pictures']:,} ({share})"
