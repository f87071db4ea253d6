"""Section: the worst mistakes, to look at."""

from __future__ import annotations

import numpy as np

from training.report.inputs import Facts, Judged
from training.report.page import Face, Faces, Missing, Part, Section

__all__ = ["section", "worst_mistakes"]

SHOWN = 12
_KINDS = ((False, "called a smile, labelled no smile"), (True, "missed smiles"))


def worst_mistakes(judged: Judged, threshold: float, *, smile: bool) -> list[Face]:
    """Return the surest wrong verdicts on faces labelled `smile`, the worst first."""
    wrong = np.flatnonzero((judged.smile == smile) & ((judged.scores >= threshold) != smile))
    order = np.argsort(judged.scores[wrong] if smile else -judged.scores[wrong], kind="stable")
    return [
        Face(judged.crops[place], f"score {judged.scores[place]:.2f}; {judged.about[place]}")
        for place in wrong[order][:SHOWN]
    ]


def section(facts: Facts) -> Section:
    """Return the section."""
    parts: list[Part] = [
        "The verdicts in which the model was surest and the label says otherwise. Look at them: on"
        " the held-out people many are faint smiles, or labels that most would not give.",
    ]
    for judged in (facts.held_out, facts.photos):
        if judged is None:
            continue
        for smile, words in ((False, "called a smile, labelled no smile"), (True, "missed smiles")):
            wrong = int(
                ((judged.smile == smile) & ((judged.scores >= facts.threshold) != smile)).sum()
            )
            faces = worst_mistakes(judged, facts.threshold, smile=smile)
            parts.append(
                Faces(f"{judged.title}, {words}: the surest {len(faces)} of {wrong}", faces)
            )
    if facts.held_out is None:
        parts.append(Missing(facts.missing["crops"]))
    if facts.photos is None:
        parts.append(Missing(facts.missing["photos"]))
    return Section("mistakes", "The worst mistakes", parts)
