"""The lines that a run ends with."""

from __future__ import annotations

from collections.abc import Sequence

from local.report.ground_truth import Match
from local.report.run_check import Verdict
from local.report.run_log import Delays, Ledger

GOOD_ERROR_MS = 500  # a start or end further off than this is worth a sign


def verdict_lines(ledger: Ledger, verdict: Verdict) -> list[str]:
    """Return what was made, what is stored, what was told and what was set aside."""
    made = ledger.records()
    lines = [
        f"events made on the edge   {len(made)}",
        f"in the table as made      {len(verdict.stored)}",
        f"alerts delivered          {len(ledger.alerts)}",
    ]
    letters = sum(verdict.dead_letters.values())
    where = ", ".join(f"{name}: {count}" for name, count in verdict.dead_letters.items() if count)
    lines.append(f"dead letters              {letters}" + (f"  ({where})" if where else ""))
    lines += [f"missing                   {event_id}" for event_id in verdict.missing]
    lines += [
        f"not as made               {event_id}: {difference}"
        for event_id, difference in verdict.different.items()
    ]
    return lines


def delay_lines(ledger: Ledger, confirmation: Delays | None, started: str) -> list[str]:
    """Return how long each step took.

    Parameters
    ----------
    ledger : Ledger
        When each event was where.
    confirmation : Delays or None
        From a smile's first frame to the edge's event.
    started : str
        How long it took to start, in words.
    """
    rows = [("smile begins → event made", confirmation)]
    rows += [
        (f"event made → {name} done", delays) for name, delays in ledger.handling_delays().items()
    ]
    rows.append(("event made → alert delivered", ledger.alert_delays()))
    lines = [f"time to start             {started}"]
    width = max(len(name) for name, _ in rows)
    for name, delays in rows:
        if delays is not None:
            lines.append(
                f"{name:<{width}}  p50 {delays.p50_ms:.0f} ms, max {delays.max_ms:.0f} ms "
                f"({delays.count})"
            )
    return lines


def truth_lines(matches: Sequence[Match], extra: Sequence[str]) -> list[str]:
    """Return each episode of the ground truth beside what was found."""
    found = sum(match.event_id is not None for match in matches)
    lines = [f"smiles really in the clip {len(matches)}, found {found}, too many {len(extra)}"]
    width = max((len(match.episode.person) for match in matches), default=0)
    for match in matches:
        episode = match.episode
        what = (
            f"  {episode.person:<{width}}  {episode.start_ms / 1000:6.2f} to "
            f"{episode.end_ms / 1000:.2f} s  "
        )
        if match.event_id is None:
            lines.append(what + "not found")
            continue
        worst = max(abs(match.start_error_ms), abs(match.end_error_ms))
        lines.append(
            what
            + f"start {match.start_error_ms:+d} ms, end {match.end_error_ms:+d} ms"
            + ("" if worst <= GOOD_ERROR_MS else "  (more than half a second off)")
        )
    lines += [f"  no such smile in the clip: {event_id}" for event_id in extra]
    return lines
