"""The lines at the end of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from local.report.ground_truth import Match
from local.report.run_check import RunCheck
from local.report.run_log import RunLog


def check_lines(log: RunLog, check: RunCheck) -> list[str]:
    """Return the counts of events, alerts and dead letters, and what is not stored as sent."""
    queues = [f"{count} in {name}" for name, count in check.dead_letters.items() if count]
    return [
        f"events from the edge       {len(log.records())}",
        f"stored as sent             {len(check.stored)}",
        f"alerts delivered           {len(log.alerts)}",
        f"dead letters               {', '.join(queues) or 0}",
        *(f"not handled yet            {n} in {name}" for name, n in check.waiting.items() if n),
        *(f"delayed messages           {n} in {name}" for name, n in check.delayed.items() if n),
        *(f"not stored                 {event_id}" for event_id in check.missing),
        *(f"stored differently         {i}: {what}" for i, what in check.different.items()),
    ]


def sighting_lines(finished: Mapping[str, Any]) -> list[str]:
    """Return what the edge saw: its frames, its faces and the best smile score.

    Parameters
    ----------
    finished : Mapping
        The ``finished`` record of the edge; empty when there is none.
    """
    if not finished:
        return []
    frames, faces, best = finished["frames"], finished["faces"], finished["best_smile_score"]
    rate = f" at {finished['frame_rate']:.1f} frames/s" if finished["frame_rate"] else ""
    others = [
        f", {count} {kind}"
        for kind in ("damaged", "failed", "skipped")
        if (count := finished[f"{kind}_frames"])
    ]
    lines = [f"frames watched             {frames}{rate}{''.join(others)}"]
    if faces:
        share = 100 * finished["frames_with_face"] / max(frames, 1)
        most = finished["most_faces_at_once"]
        lines.append(
            f"faces seen                 {faces}, at most {most} at once, "
            f"in {share:.0f} % of the frames"
        )
    else:
        lines.append("faces seen                 0")
    if best is not None:
        at_s = finished["best_smile_ms"] / 1000
        lines.append(f"best smile score           {best:.2f} at {at_s:.1f} s")
    if finished["bad_views"]:
        reasons = ", ".join(f"{count} {reason}" for reason, count in finished["bad_views"].items())
        lines.append(f"views without a score      {reasons}")
    if recovered := finished.get("recovered_events"):
        lines.append(f"events of the run before   {recovered}")
    if finished["explanation"]:
        lines.append(f"explanation                {finished['explanation']}")
    return lines


def delay_lines(log: RunLog, start_time: datetime | None) -> list[str]:
    """Return the delay of each step.

    Parameters
    ----------
    log : RunLog
        When each event was where.
    start_time : datetime or None
        The time that events give to the first frame; None when they have the real time.
    """
    rows = [("smile starts → event", log.detection_delays(start_time))]
    rows += [(f"event → {name} done", delays) for name, delays in log.handling_delays().items()]
    rows.append(("event → alert delivered", log.alert_delays()))
    width = max(len(name) for name, _ in rows)
    return [
        f"{name:<{width}}  median {delays.median_ms:.0f} ms, max {delays.max_ms:.0f} ms "
        f"({delays.count})"
        for name, delays in rows
        if delays is not None
    ]


def truth_lines(matches: Sequence[Match], extra: Sequence[str]) -> list[str]:
    """Return each smile of the clip beside its event."""
    found = sum(match.event_id is not None for match in matches)
    lines = [f"smiles in the clip         {len(matches)}, found {found}, false alarms {len(extra)}"]
    width = max((len(match.episode.person) for match in matches), default=0)
    for match in matches:
        episode = match.episode
        result = "not found"
        if match.event_id is not None:
            far = "" if match.is_close else "  (more than half a second off)"
            result = f"start {match.start_error_ms:+d} ms, end {match.end_error_ms:+d} ms{far}"
        lines.append(
            f"  {episode.person:<{width}}  {episode.start_ms / 1000:6.2f} to "
            f"{episode.end_ms / 1000:.2f} s  {result}"
        )
    lines += [f"  false alarm {event_id}" for event_id in extra]
    return lines
