"""The price table and the measured work: two TOML files beside this one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ops.errors import CommandError

PRICES: Final = Path(__file__).with_name("prices.toml")
WORK: Final = Path(__file__).with_name("work.toml")


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices of a region.

    Attributes
    ----------
    region, checked_on : str
    units : Mapping of str to float
        US dollars for one of each unit.
    per_image : tuple of (int, float)
        Images up to this number cost so much each; 0 stands for all further ones.
    free_tier, sources : Mapping of str to str
    """

    region: str
    checked_on: str
    units: Mapping[str, float]
    per_image: tuple[tuple[int, float], ...]
    free_tier: Mapping[str, str]
    sources: Mapping[str, str]


def load_prices(region: str, path: Path = PRICES) -> Prices:
    """Return the prices of a region.

    Raises
    ------
    CommandError
        When the table does not have the region; the message lists those it has.
    """
    table = tomllib.loads(path.read_text("utf-8"))
    known = [name for name, part in table.items() if isinstance(part, dict) and "iot_rules" in part]
    if region not in known:
        raise CommandError(
            f"REGION={region}: {path.name} has the prices of {', '.join(known)} only. Add those "
            "of this region from the pages under [sources]."
        )
    return Prices(
        region,
        table["checked_on"],
        table[region],
        tuple((one["up_to"], one["price"]) for one in table["per_image"]),
        table["free_tier"],
        table["sources"],
    )


def load_work(path: Path = WORK) -> Mapping[str, Any]:
    """Return the measured work by section."""
    return tomllib.loads(path.read_text("utf-8"))
