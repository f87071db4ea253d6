"""The parts of the device have the defaults that the settings document."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

from edge_lambda.delivery import MqttSink
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.faces.attention import FaceAttention
from edge_lambda.loop_settings import LoopSettings
from edge_lambda.settings import (
    MqttSettings,
    OutboxSettings,
    Section,
    SmileSettings,
    VisionSettings,
)
from smile_contract.episodes.episode import EpisodeRules


def shared_defaults(part: Callable[..., object], section: type[Section]) -> dict[str, object]:
    """Return the defaults of the parameters that the section has too."""
    return {
        name: parameter.default
        for name, parameter in inspect.signature(part).parameters.items()
        if name in section.model_fields and parameter.default is not parameter.empty
    }


@pytest.mark.parametrize(
    ("part", "section", "count"),
    [
        (EpisodeRules, SmileSettings, 4),
        (FaceAttention, VisionSettings, 2),
        (LoopSettings, VisionSettings, 2),
        (MqttSink, MqttSettings, 2),
    ],
)
def test_default_is_the_documented_one(
    part: Callable[..., object], section: type[Section], count: int
) -> None:
    defaults = shared_defaults(part, section)
    assert len(defaults) == count
    assert defaults == {name: section.model_fields[name].default for name in defaults}


def test_default_is_the_documented_one_when_the_parameter_has_another_name() -> None:
    outbox = inspect.signature(Outbox).parameters
    assert outbox["max_bytes"].default == OutboxSettings().max_mb * 1e6
    rules = inspect.signature(EpisodeRules).parameters
    assert rules["max_duration_ms"].default == SmileSettings().max_duration_s * 1000
