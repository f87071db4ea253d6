"""What two other designs cost: publishing every frame, and a service paid for each image."""

from __future__ import annotations

from typing import Final

from ops.cost.month import MONTH_S, Fleet, Line
from ops.cost.tables import Prices

FRAMES_PER_S: Final = 10
_LAMBDA_GB_SECONDS: Final = 0.010 * 128 / 1024  # 10 ms with the smallest memory
IMAGES_PER_S: Final = 1


def every_frame(fleet: Fleet, prices: Prices) -> float:
    """Return dollars a month when each camera publishes a result for each of ten frames a second.

    Only what cannot be avoided: the message, its rule and action, and an invocation of 10 ms.
    """
    units = prices.units
    each = sum(
        units[one] for one in ("iot_messages", "iot_rules", "iot_actions", "lambda_requests")
    )
    each += _LAMBDA_GB_SECONDS * units["lambda_gb_seconds_arm64"]
    return fleet.devices * MONTH_S * FRAMES_PER_S * each


def per_image(fleet: Fleet, prices: Prices) -> float:
    """Return dollars a month when a service finds the faces of an image a second of each camera."""
    images, dollars, counted = fleet.devices * MONTH_S * IMAGES_PER_S, 0.0, 0
    for up_to, price in prices.per_image:
        part = max(min(images, up_to or images) - counted, 0)
        dollars += part * price
        counted += part
    return dollars


def total(lines: list[Line]) -> float:
    """Return the sum of lines in dollars."""
    return sum(line.dollars for line in lines)
