"""The smile thresholds in use: those of the configuration, else those of the model card."""

from __future__ import annotations

from edge_lambda.errors import ConfigError
from edge_lambda.settings import SmileSettings


def resolve_thresholds(
    settings: SmileSettings, default_on: float, default_off: float, largest_score: float
) -> tuple[float, float]:
    """Return ``(threshold_on, threshold_off)``.

    Parameters
    ----------
    settings : SmileSettings
    default_on, default_off : float
        The model card's thresholds, for those that the settings leave out.
    largest_score : float
        The largest score that the quantised model can output.

    Raises
    ------
    ConfigError
        When no smile could ever start, or none could ever end.
    """
    on = default_on if settings.threshold_on is None else settings.threshold_on
    off = default_off if settings.threshold_off is None else settings.threshold_off
    if on > largest_score:
        raise ConfigError(
            f"smile.threshold_on: {on:g} can never be reached: "
            f"the model's largest score is {largest_score:.5f}"
        )
    if off >= on:
        raise ConfigError(
            f"smile.threshold_off: expected less than threshold_on ({on:g}), got {off:g}"
        )
    return on, off
