"""Figures in words: shares and intervals, written the same way everywhere on the page."""

from __future__ import annotations

from collections.abc import Sequence

from training.evaluation.metrics import wilson_interval

__all__ = ["of_total", "share_95", "with_interval"]


def with_interval(value: float, bounds: Sequence[float] | None, digits: int = 3) -> str:
    """Return "0.955 (0.940 to 0.966)"."""
    if bounds is None:
        return f"{value:.{digits}f}"
    return f"{value:.{digits}f} ({bounds[0]:.{digits}f} to {bounds[1]:.{digits}f})"


def share_95(count: int, total: int) -> str:
    """Return "93.4% (91.2 to 95.1)", the 95 % Wilson interval in brackets."""
    if total == 0:
        return "none"
    low, high = wilson_interval(count, total)
    return f"{count / total:.1%} ({100 * low:.1f} to {100 * high:.1f})"


def of_total(count: int, total: int) -> str:
    """Return "1,234 of 2,484"."""
    return f"{count:,} of {total:,}"
