"""What a run leaves: its log line, what is missing from it, and the exit code."""

from __future__ import annotations

import logging
import sys

from edge_lambda.activity import Activity
from edge_lambda.counted import counted
from edge_lambda.delivery.outbox import Outbox
from edge_lambda.delivery.publisher import Publisher
from edge_lambda.silence import explain_bad_frames, explain_silence
from smile_contract.episodes.episode import EpisodeRules

_UNDELIVERED = 3
_UNUSABLE = 4

_log = logging.getLogger(__name__)


def report_run(
    activity: Activity,
    outbox: Outbox,
    publisher: Publisher,
    *,
    rules: EpisodeRules,
    undated: int,
    was_stopped: bool,
) -> int:
    """Log the result of a run, print what is missing from it and return the exit code.

    Parameters
    ----------
    activity : Activity
    outbox : Outbox
    publisher : Publisher
    rules : EpisodeRules
    undated : int
        Events that were lost because their time was never known.
    was_stopped : bool
        Whether a signal ended the run.
    """
    summary = activity.summary()
    bad_frames = None if was_stopped else explain_bad_frames(summary)
    explanation = bad_frames if activity.events else explain_silence(summary, rules)
    recovered = publisher.published - activity.events
    if explanation is not None:
        others = f" except {recovered} from the run before" if recovered else ""
        silence = f"no smile events{others}: {explanation}"
        _print(explanation if activity.events else silence)
    unsaved = outbox.save()
    status = outbox.status()
    undelivered, lost = publisher.undelivered - unsaved, status.lost + unsaved
    them = "it" if undelivered == 1 else "them"
    problems = (
        (undelivered, "stays/stay", f"in the outbox {outbox.path}, the next run sends {them}"),
        (lost, "is/are", "lost: the outbox could not be read or written"),
        (undated, "is/are", "lost: the clock of the device was never set"),
        (status.dropped, "was/were", "dropped: the outbox was full"),
        (status.quarantined, "was/were", "refused, the next run tries again"),
    )
    texts = [f"{counted(count, 'event', verb)} {what}" for count, verb, what in problems if count]
    if texts:
        _print("; ".join(texts))
    counts = {"undelivered": undelivered, "lost": lost + undated, "dropped": status.dropped}
    _log.info(
        "finished",
        extra=summary
        | {"events": publisher.published, "recovered_events": recovered}
        | {"explanation": explanation}
        | counts
        | {"quarantined": status.quarantined},
    )
    is_waiting = bool(undelivered or status.quarantined)
    if lost or undated or status.dropped or (is_waiting and not was_stopped):
        return _UNDELIVERED
    return 0 if bad_frames is None else _UNUSABLE


def _print(text: str) -> None:
    if sys.stderr is not None:  # print(file=None) would write to standard output
        print(f"edge_lambda: {text}", file=sys.stderr)  # noqa: T201
