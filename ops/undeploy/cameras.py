"""The certificates that hold the device policy of a stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Camera:
    """A certificate with the policy.

    Attributes
    ----------
    arn : str
        ARN of the certificate, or of another target that someone attached the policy to.
    things : tuple of str
        Names of the things with this certificate.
    """

    arn: str
    things: tuple[str, ...]

    def __str__(self) -> str:
        names = ", ".join(self.things) or "no thing"
        return f"{names} ({self.arn.rpartition(':')[2][:17]}…)"


def find_cameras(iot: Any, policy: str) -> list[Camera]:
    """Return the holders of a policy by the names of their things; none if it does not exist."""
    try:
        targets = list(
            iot.get_paginator("list_targets_for_policy")
            .paginate(policyName=policy)
            .search("targets[]")
        )
    except iot.exceptions.ResourceNotFoundException:
        return []
    return sorted((Camera(arn, _things(iot, arn)) for arn in targets), key=lambda one: one.things)


def _things(iot: Any, arn: str) -> tuple[str, ...]:
    if ":cert/" not in arn:
        return ()
    pages = iot.get_paginator("list_principal_things").paginate(principal=arn)
    return tuple(sorted(pages.search("things[]")))
