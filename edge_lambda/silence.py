"""Explain to people why a run reported no smile, or why its result is incomplete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge_lambda.counted import counted
from smile_contract.episodes.episode import EpisodeRules

_DECIMALS = range(2, 5)
_MAX_UNUSABLE = 0.5


def explain_silence(summary: Mapping[str, Any], rules: EpisodeRules) -> str:
    """Return why a run without events had none, as far as its counts show.

    Parameters
    ----------
    summary : mapping
        `Activity.summary`.
    rules : EpisodeRules
    """
    if not _total(summary):
        return "no frame arrived"
    truncated = ["the video is truncated"] if summary["is_truncated"] else []
    unexamined = summary["paused_frames"] + summary["ignored_frames"]
    was_blind = 0 < summary["frames"] <= unexamined
    faces = [] if was_blind else [_faces(summary, rules)]
    return "; ".join([*truncated, *_bad_frames(summary), *_unexamined(summary), *faces])


def explain_bad_frames(summary: Mapping[str, Any]) -> str | None:
    """Return what was wrong with the frames when most could not be used, or None."""
    unusable = summary["damaged_frames"] + summary["failed_frames"]
    if unusable <= _MAX_UNUSABLE * _total(summary):
        return None
    return f"{'; '.join(_bad_frames(summary))}: smiles may be missing"


def _total(summary: Mapping[str, Any]) -> int:
    """Return the number of frames that arrived and were not skipped, damaged ones included."""
    return int(summary["frames"] + summary["damaged_frames"])


def _bad_frames(summary: Mapping[str, Any]) -> list[str]:
    total = _total(summary)
    counts = (("damaged", summary["damaged_frames"]), ("not processed", summary["failed_frames"]))
    frames = counted(total, "frame", "was/were")
    return [f"{count} of {frames} {what}" for what, count in counts if count]


def _unexamined(summary: Mapping[str, Any]) -> list[str]:
    """Return why frames were not searched for faces, although they arrived."""
    frames, total = summary["frames"], _total(summary)
    paused, ignored = summary["paused_frames"], summary["ignored_frames"]
    reasons = []
    if paused:
        some = f"{paused} of {total} frames were not examined (paused)"
        reasons.append("paused: no frame was examined" if paused == frames else some)
    if ignored:
        where = "" if ignored == frames else f" in {ignored} of {total} frames"
        reasons.append(f"the zones ignore the whole picture{where}")
    return reasons


def _faces(summary: Mapping[str, Any], rules: EpisodeRules) -> str:
    faces, best = summary["faces"], summary["best_smile_score"]
    if not faces:
        return "no face was seen"
    seen = f"{faces} face{' was' if faces == 1 else 's were'} seen"
    bad_views = summary["bad_views"]
    reasons = sorted(bad_views, key=bad_views.get, reverse=True)
    why = f" ({', '.join(reasons)})" if reasons else ""
    if best is None:
        return f"{seen}, but none could be scored{why}"
    at = f"{summary['best_smile_ms'] / 1000:.1f} s"
    hidden = f"; {sum(bad_views.values())} views could not be scored{why}" if reasons else ""
    if best < rules.threshold_on:
        score, threshold = _distinct(best, rules.threshold_on)
        reason = f"below threshold_on {threshold}"
    else:
        score = f"{best:.2f}"
        reason = f"but no smile lasted for min_duration_ms {rules.min_duration_ms:g}"
        if rules.correct_talking:
            reason += " (open mouths need higher scores)"
    return f"{seen}, the best smile score was {score} at {at}, {reason}{hidden}"


def _distinct(smaller: float, larger: float) -> tuple[str, str]:
    """Return both numbers with as few decimals as show that they differ, at least two."""
    for decimals in _DECIMALS:
        texts = f"{smaller:.{decimals}f}", f"{larger:.{decimals}f}"
        if texts[0] != texts[1]:
            break
    return texts
