"""An event as the API shows it: the fields of the contract, arrival and feedback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from smile_contract import schema

FIELDS: Final = (*schema("smile_event")["properties"], "received_at", "feedback")


def event_view(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a stored event that the API shows, in the contract's order.

    The other attributes of the item, such as its keys, stay private.
    """
    return {name: item[name] for name in FIELDS if name in item}
