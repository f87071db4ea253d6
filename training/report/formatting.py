"""Metrics as text, written the same way everywhere on the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["number_of", "with_interval"]


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
