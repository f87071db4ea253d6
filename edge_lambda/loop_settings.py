"""The settings of the loop that may change while it runs."""

from __future__ import annotations

from dataclasses import dataclass

from edge_lambda.config import EdgeConfig
from edge_lambda.faces.vision import SmileVision
from edge_lambda.faces.zones import EVERYWHERE, Zones
from edge_lambda.smiles.thresholds import resolve_thresholds
from smile_contract.episodes.episode import EpisodeRules


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopSettings:
    """What the loop looks for, and where.

    Attributes
    ----------
    rules : EpisodeRules
        For smiles that start from now on.
    zones : Zones
    min_face_px : int
        For faces that are found from now on.
    max_faces : int
    is_paused : bool
    """

    rules: EpisodeRules
    zones: Zones = EVERYWHERE
    min_face_px: int = 24
    max_faces: int = 32
    is_paused: bool = False


def make_loop_settings(config: EdgeConfig, vision: SmileVision) -> LoopSettings:
    """Return the loop's part of a configuration.

    Raises
    ------
    ConfigError
        When the thresholds do not go with the model.
    """
    card = vision.card
    on, off = resolve_thresholds(
        config.smile, card.threshold_on, card.threshold_off, vision.largest_score
    )
    rules = EpisodeRules(
        threshold_on=on,
        threshold_off=off,
        smoothing_ms=config.smile.smoothing_ms,
        min_duration_ms=config.smile.min_duration_ms,
        max_gap_ms=config.smile.max_gap_ms,
        max_duration_ms=config.smile.max_duration_s * 1000,
        correct_talking=config.smile.correct_talking,
    )
    return LoopSettings(
        rules=rules,
        zones=Zones(config.zones.include, config.zones.ignore),
        min_face_px=config.vision.min_face_px,
        max_faces=config.vision.max_faces,
        is_paused=config.paused,
    )
