"""The settings that a device takes from its named shadow, and which values they have.

Device and cloud check them with the same bounds, so that the API refuses what a device would.
https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-document.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from smile_contract.codecs import Codec, Integer, Number, Truth
from smile_contract.errors import ContractError, describe

SETTINGS_SHADOW: Final = "settings"


@dataclass(frozen=True, slots=True)
class Between(Codec):
    """A number more than `low` and less than `high`."""

    low: float
    high: float

    def decode(self, value: object, path: str) -> float:
        """Return the number as a float."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not self.low < value < self.high:  # type: ignore[operator]
            expected = f"a number more than {self.low:g} and less than {self.high:g}"
            raise ContractError(path, f"expected {expected}, got {describe(value)}")
        return float(value)  # type: ignore[arg-type]


THRESHOLD: Final = Between(0, 1)
MIN_DURATION_MS: Final = Number(0, 60_000)
MIN_FACE_PX: Final = Integer(8, 1000)
MAX_FACES: Final = Integer(1, 200)
HEARTBEAT_INTERVAL_S: Final = Number(10, 3600)

DEVICE_SETTINGS: Final[Mapping[str, Codec]] = MappingProxyType(
    {
        "paused": Truth(),
        "smile.threshold_on": THRESHOLD,
        "smile.threshold_off": THRESHOLD,
        "smile.min_duration_ms": MIN_DURATION_MS,
        "vision.min_face_px": MIN_FACE_PX,
        "vision.max_faces": MAX_FACES,
        "health.interval_s": HEARTBEAT_INTERVAL_S,
    }
)
"""Codec of each setting by dotted key. Zones are in the shadow too; only the device checks them."""
