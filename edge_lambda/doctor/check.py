"""One line of the doctor's report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Result = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found.

    Attributes
    ----------
    name : str
    result : {"ok", "warning", "failed", "skipped"}
        A device with warnings works. A skipped check could not be made.
    found : str
        What was found, without secrets.
    advice : str
        What to do; empty when nothing is to be done.
    """

    name: str
    result: Result
    found: str
    advice: str = ""

    @property
    def line(self) -> str:
        """The check as a line for a person."""
        advice = f". {self.advice[0].upper()}{self.advice[1:]}" if self.advice else ""
        return f"{self.result:<8} {self.name:<12} {self.found}{advice}".rstrip()


def ok(name: str, found: str) -> Check:
    """Return a check that found nothing wrong."""
    return Check(name, "ok", found)


def warning(name: str, found: str, advice: str) -> Check:
    """Return a check that found something that may become a fault."""
    return Check(name, "warning", found, advice)


def failed(name: str, found: str, advice: str) -> Check:
    """Return a check that found a fault."""
    return Check(name, "failed", found, advice)


def skipped(name: str, found: str, advice: str = "") -> Check:
    """Return a check that could not be made."""
    return Check(name, "skipped", found, advice)
