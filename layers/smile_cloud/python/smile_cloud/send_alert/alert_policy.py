"""Whether a smile is worth an alert: pure decisions over what is remembered of a device.

One alert per smile, whichever of its messages arrives first. After an alert was *sent* its
device is quiet for the cooldown; smiles in that time are counted and told in the next alert.
A claim marks an alert that is being sent: it keeps others from sending at the same moment, is
taken back when sending fails, and runs out by itself should the function die.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from smile_contract import SmileEvent, uuid7_time

# Longer than the function's timeout (10 s), shorter than Lambda's first retry (1 minute):
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
CLAIM_LASTS: Final = timedelta(seconds=15)
# Clocks of two execution environments differ a little: remember judged smiles a bit longer.
_CLOCK_MARGIN: Final = timedelta(seconds=60)
# Keeps the item below 8 KB (8 write units) in front of a crowd.
MAX_JUDGED: Final = 200


class Verdict(StrEnum):
    """What to do about a smile."""

    SEND = "send"
    COOLING_DOWN = "cooling_down"
    ALREADY_JUDGED = "already_judged"
    IN_FLIGHT = "in_flight"
    TOO_OLD = "too_old"


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """What the operator chose.

    Attributes
    ----------
    cooldown : timedelta
        Quiet time of a device after an alert was sent.
    max_age : timedelta
        A smile that began longer ago alerts nobody.
    """

    cooldown: timedelta
    max_age: timedelta


@dataclass(frozen=True, slots=True)
class Claim:
    """An alert that is being sent.

    Attributes
    ----------
    event_id : str
    until : datetime
        When the claim runs out.
    told : int
        Suppressed smiles that the alert tells of.
    """

    event_id: str
    until: datetime
    told: int


@dataclass(frozen=True, slots=True)
class AlertBudget:
    """What is remembered of one device.

    Attributes
    ----------
    last_sent_at : datetime or None
    suppressed : int
        Smiles since then of which nobody was told.
    judged : tuple of str
        Ids of smiles already alerted or suppressed, oldest judgement first.
    claim : Claim or None
    """

    last_sent_at: datetime | None = None
    suppressed: int = 0
    judged: tuple[str, ...] = ()
    claim: Claim | None = None

    def sent(self, event_id: str, now: datetime) -> AlertBudget:
        """Return the budget after the claimed alert was sent."""
        told = self.claim.told if self.claim is not None else 0
        return replace(
            self,
            last_sent_at=now,
            suppressed=max(self.suppressed - told, 0),
            judged=(*self.judged, event_id)[-MAX_JUDGED:],
            claim=None,
        )

    def not_sent(self) -> AlertBudget:
        """Return the budget after sending the claimed alert failed: as if never claimed."""
        return replace(self, claim=None)


def judge(
    policy: AlertPolicy, budget: AlertBudget, event: SmileEvent, now: datetime
) -> tuple[Verdict, AlertBudget]:
    """Return what to do about `event`, and the budget to remember if it differs."""
    if now - event.started_at > policy.max_age:
        return Verdict.TOO_OLD, budget
    if event.event_id in budget.judged:
        return Verdict.ALREADY_JUDGED, budget
    claim = budget.claim if budget.claim is not None and budget.claim.until > now else None
    if claim is not None and claim.event_id == event.event_id:
        return Verdict.IN_FLIGHT, budget
    oldest = now - policy.max_age - _CLOCK_MARGIN
    judged = tuple(known for known in budget.judged if uuid7_time(known) >= oldest)
    cooling_down = budget.last_sent_at is not None and now < budget.last_sent_at + policy.cooldown
    if claim is not None or cooling_down:
        return Verdict.COOLING_DOWN, replace(
            budget,
            suppressed=budget.suppressed + 1,
            judged=(*judged, event.event_id)[-MAX_JUDGED:],
        )
    claim = Claim(event.event_id, now + CLAIM_LASTS, budget.suppressed)
    return Verdict.SEND, replace(budget, judged=judged, claim=claim)
