"""Section: faces that get no score because their mouth cannot be seen, and the clear photos."""

from __future__ import annotations

from typing import Any

from training.report.formatting import share_with_count, with_interval
from training.report.inputs import PHOTOS, ReportInputs
from training.report.page import Missing, Part, Section, Table

__all__ = ["section"]

_FACES = {
    "covered_mouths": "something covers the mouth",
    "covered_elsewhere": "something covers another part of the face",
    "clear_faces": "nothing covers the face, no faint smiles",
}


def section(inputs: ReportInputs) -> Section:
    """Return the section."""
    parts: list[Part] = [
        "When the mouth cannot be seen, the model gives no score instead of a sure “no”. To measure"
        " it, random masks, hands, things and edges cover faces of the test set.",
    ]
    if covered := inputs.metrics.get("covered_mouths"):
        rows = [(words, share_with_count(covered[name])) for name, words in _FACES.items()]
        header = ("faces of the test set", "without a score (95 % interval)")
        parts.append(Table("Faces without a score (recorded)", header, rows))
    else:
        parts.append(Missing("covered mouths. Run `python -m training.evaluate` to measure them."))
    parts.append(
        "Some photos have a wrong or doubtful label. Two blind looks at every photo, in different"
        " order, said smile, none or undecidable. The clear photos are those on which both looks"
        " agree on smile or none. On them the model is compared with what the looks saw."
    )
    clear = inputs.metrics.get(PHOTOS, {}).get("clear")
    if clear is None:
        parts.append(Missing("clear photos: these are not the photos at which looks were taken."))
    else:
        parts.append(_clear_table(clear))
    return Section("refused", "Faces without a score, and clear photos", parts)


def _clear_table(clear: dict[str, Any]) -> Table:
    faces = clear["found_faces"]
    return Table(
        f"Clear photos: {clear['photos']:,}",
        ("metric", "value (95 % interval)"),
        [
            ("accuracy", with_interval(clear, "accuracy_all_photos", 4)),
            ("AUC", with_interval(faces, "auc", 4)),
            ("without a face or a score", f"{clear['no_face_found'] + clear['not_scored']}"),
        ],
    )
