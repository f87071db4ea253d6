"""Names that stand more than once in a JSON object: a hook for `json.loads` finds them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any


def repeated_names(pairs: Sequence[tuple[str, Any]]) -> list[str]:
    """Return the names that stand more than once, in their order.

    One pass: a device may send an object with ten thousand names.

    Parameters
    ----------
    pairs : sequence of (str, object)
        What `json.loads` passes to ``object_pairs_hook``.
    """
    counts = Counter(name for name, _ in pairs)
    return [name for name, count in counts.items() if count > 1]
