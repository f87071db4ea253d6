"""The month as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ops.cost.compare import FRAMES_PER_S, IMAGES_PER_S, every_frame, per_image, total
from ops.cost.modes import Modes
from ops.cost.month import Fleet, Line
from ops.cost.tables import Prices

_DRIVERS: Final = 8


def render(fleet: Fleet, lines: Sequence[Line], prices: Prices, stage: str, modes: Modes) -> str:
    """Return the report of a month."""
    text = [
        f"{fleet.devices:,} cameras, {fleet.events_per_day:,} events a day each, stage {stage},",
        f"{prices.region}, prices of {prices.checked_on}:",
        "",
        *_by_service(lines),
        "",
        f"{'total':<18}{total(list(lines)):>12,.2f} $ a month",
        f"{'each camera':<18}{total(list(lines)) / fleet.devices:>12,.3f} $ a month",
        f"{'  of it fixed':<18}{_fixed(lines) / fleet.devices:>12,.3f} $ for the stage, shared",
        "",
        "What drives it:",
        *(_driver(line, fleet) for line in _largest(lines)),
        "",
        "Capacity of the table, $ a month for each camera:",
        *_modes(modes, fleet),
        "",
        "The same cameras with another design, $ a month for each camera:",
        _other(
            f"every frame published, {FRAMES_PER_S} a second", every_frame(fleet, prices), fleet
        ),
        _other(f"{IMAGES_PER_S} image a second to a paid service", per_image(fleet, prices), fleet),
        "",
        "Free tiers, which are not subtracted because everything in the account shares them:",
        *(f"  {name:<12} {amount}" for name, amount in prices.free_tier.items()),
    ]
    return "\n".join(text) + "\n"


def _by_service(lines: Sequence[Line]) -> Iterable[str]:
    services = dict.fromkeys(line.service for line in lines)
    sums = {one: total([line for line in lines if line.service == one]) for one in services}
    for service in sorted(sums, key=lambda one: -sums[one]):
        yield f"{service:<18}{sums[service]:>12,.2f} $"


def _fixed(lines: Sequence[Line]) -> float:
    return total([line for line in lines if not line.grows])


def _largest(lines: Sequence[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: -line.dollars)[:_DRIVERS]


def _driver(line: Line, fleet: Fleet) -> str:
    each = line.dollars / fleet.devices
    return f"  {each:>8.4f} $ a camera: {line.service}, {line.quantity:,.0f} {line.what}"


def _modes(modes: Modes, fleet: Fleet) -> Iterable[str]:
    cheapest = min(modes.dollars, key=lambda one: modes.dollars[one])
    for name, dollars in modes.dollars.items():
        note = "  cheaper, if the load is steady" if name == "provisioned" else "  cheaper"
        each = f"{f'TableCapacity={name}':<42}{dollars / fleet.devices:>12,.3f}"
        yield f"  {each}{note if name == cheapest else ''}"
    chosen = " ".join(f"{name}={value}" for name, value in modes.parameters.items())
    yield f"  make deploy STAGE=… PARAMETERS='{chosen}'"


def _other(name: str, dollars: float, fleet: Fleet) -> str:
    return f"  {name:<42}{dollars / fleet.devices:>12,.2f}"
