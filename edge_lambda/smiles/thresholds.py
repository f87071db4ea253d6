"""The two thresholds in force: the configuration's, or the model card's."""

from __future__ import annotations

from edge_lambda.errors import ConfigError
from edge_lambda.settings import SmileSettings


def resolve_thresholds(
    settings: SmileSettings, card_on: float, card_off: float, largest_score: float
) -> tuple[float, float]:
    """Return ``(threshold_on, threshold_off)``.

    Parameters
    ----------
    settings : SmileSettings
    card_on, card_off : float
        The model card's, for those left out.
    largest_score : float
        The largest score that the quantised model can give.

    Raises
    ------
    ConfigError
        When a smile could never start, or could never end.
    """
    on = card_on if settings.threshold_on is None else settings.threshold_on
    off = card_off if settings.threshold_off is None else settings.threshold_off
    if on > largest_score:
        raise ConfigError(
            f"smile.threshold_on: {on:g} can never be reached, "
            f"for the model's largest score is {largest_score:.5f}"
        )
    if off >= on:
        raise ConfigError(
            f"smile.threshold_off: expected less than threshold_on ({on:g}), got {off:g}"
        )
    return on, off
