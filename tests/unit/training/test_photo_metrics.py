"""Metrics of whole photos: all of them, the clear ones, and groups of people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.data.photo_clarity import BUNDLED_CLARITY, clear_photos
from training.errors import TrainingError
from training.evaluation.groups import measured_or_recorded, read_photo_attributes
from training.evaluation.photo_metrics import (
    PhotoScores,
    clear_photo_metrics,
    limited_photo_metrics,
    photo_groups,
    photo_score_metrics,
)

NAN = float("nan")


def _photos(
    scores: list[float], smile: list[bool] | None = None, found: list[bool] | None = None
) -> PhotoScores:
    count = len(scores)
    return PhotoScores(
        names=np.array([f"{number}.jpg" for number in range(count)]),
        smile=np.array(smile if smile is not None else [n % 2 == 0 for n in range(count)]),
        scores=np.array(scores),
        found=np.array(found if found is not None else [True] * count),
    )


def test_clear_photos_are_compared_with_what_the_looks_saw() -> None:
    photos = _photos([0.9, 0.8, 0.1, 0.2, 0.9, NAN], smile=[True, False, True, False, True, True])
    clear = {"0.jpg": True, "1.jpg": True, "2.jpg": None, "3.jpg": False, "4.jpg": False,
             "5.jpg": True}  # fmt: skip
    metrics = clear_photo_metrics(photos, clear, 0.5)["clear"]
    assert metrics["photos"] == 5
    assert metrics["not_scored"] == 1
    assert metrics["accuracy_all_photos"] == 0.6, "0, 1 and 3 are right, 4 is wrong, 5 has no score"
    assert metrics["found_faces"]["smile"] == 2


def test_photos_of_another_collection_have_no_clear_ones() -> None:
    photos = _photos([0.9, 0.1])
    assert clear_photo_metrics(photos, {"0.jpg": True, "other.jpg": False}, 0.5) == {}
    more = clear_photo_metrics(photos, {"0.jpg": True, "1.jpg": False}, 0.5)
    assert more["clear"]["accuracy_all_photos"] == 1.0


def test_photo_is_clear_when_both_looks_agree_on_smile_or_none(tmp_path: Path) -> None:
    table = tmp_path / "clarity.csv"
    looks = ("smile", "none", "undecidable")
    pairs = [(one, other) for one in looks for other in looks]
    rows = [f"{number}.jpg,{one},{other}" for number, (one, other) in enumerate(pairs)]
    table.write_text("\n".join(["path,first,second", *rows]) + "\n")
    expected = {f"{number}.jpg": None for number in range(9)} | {"0.jpg": True, "4.jpg": False}
    assert clear_photos(table) == expected


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a.jpg,smile,maybe", r"clarity\.csv, line 2: second: expected one of smile, none"),
        ("a.jpg,,smile", r"clarity\.csv, line 2: first: .*got ''"),
    ],
)
def test_bad_look_is_named_with_its_line(tmp_path: Path, row: str, message: str) -> None:
    table = tmp_path / "clarity.csv"
    table.write_text(f"path,first,second\n{row}\n")
    with pytest.raises(TrainingError, match=message):
        clear_photos(table)


def test_bundled_looks_contradict_each_other_in_no_photo() -> None:
    clear = clear_photos()
    assert len(clear) == 1000
    rows = [line.split(",")[1:] for line in BUNDLED_CLARITY.read_text().splitlines()[1:]]
    assert {"smile", "none"} not in [set(row) for row in rows]
    counts = [sum(look is one for look in clear.values()) for one in (True, False, None)]
    assert counts == [495, 329, 176]


def test_groups_of_photos_have_counts_intervals_and_refused_faces(tmp_path: Path) -> None:
    table = tmp_path / "attributes.csv"
    rows = [f"{number}.jpg,{number < 4:d},0" for number in range(9)]
    table.write_text("\n".join(["path,child,older", *rows, "absent.jpg,1,1"]) + "\n")
    photos = _photos(
        [0.9, 0.1, 0.9, NAN, 0.9, 0.9, 0.1, 0.1, 0.5, 0.9],
        found=[True] * 8 + [False, True],  # the last has no attributes
    )
    groups = photo_groups(photos, read_photo_attributes(table), 0.5)
    rows_of = {(row["attribute"], row["present"]): row for row in groups}
    assert set(rows_of) == {("child", True), ("child", False), ("older", False)}
    children, others, all_found = rows_of.values()
    assert (children["pictures"], children["accuracy"]) == (3, 1.0)
    assert (children["refused"]["count"], children["refused"]["pictures"]) == (1, 4)
    assert (others["pictures"], others["accuracy"]) == (4, 0.5)
    assert all_found["refused"]["pictures"] == 8
    assert children["accuracy_95"] == [0.4385, 1.0]


def test_group_has_no_accuracy_when_all_its_smiles_are_refused() -> None:
    photos = _photos([NAN, 0.1, NAN, 0.2])
    (row,) = photo_groups(photos, {name: {"masked": True} for name in photos.names.tolist()}, 0.5)
    assert (row["accuracy"], row["pictures"]) == (None, 2)
    assert row["refused"]["share"] == 0.5


@pytest.mark.parametrize(
    "recorded", [None, {"evaluated_on": "x", "model_sha256": "old", "rows": [1]}]
)
def test_groups_are_measured_or_stay_as_they_were_recorded(
    tmp_path: Path, recorded: dict[str, object] | None
) -> None:
    measured = measured_or_recorded(
        tmp_path, lambda table: [{"table": table}], recorded, evaluated_on="now", model_sha256="new"
    )
    assert measured == {
        "evaluated_on": "now", "model_sha256": "new", "rows": [{"table": tmp_path}],
    }  # fmt: skip
    kept = measured_or_recorded(
        None, lambda _: [{}], recorded, evaluated_on="now", model_sha256="new"
    )
    nothing = {"evaluated_on": "now", "model_sha256": None, "rows": []}
    assert kept == (nothing if recorded is None else recorded)


def test_limited_metrics_include_the_clear_photos_when_there_are_any() -> None:
    metrics = photo_score_metrics(_photos([0.9, 0.1, 0.1, 0.2]), 0.5)
    video = photo_score_metrics(_photos([0.9, 0.1, 0.9, 0.2]), 0.5)
    limited = limited_photo_metrics(metrics, video)
    assert (limited["photos_accuracy"], limited["photos_accuracy_in_video"]) == (0.75, 1.0)
    assert limited["photos_auc"] == metrics["found_faces"]["auc"]
    assert limited["photos_calibration_error"] == metrics["found_faces"]["calibration_error"]
    assert "photos_clear_accuracy" not in limited
    limited = limited_photo_metrics({**metrics, "clear": video}, video)
    assert limited["photos_clear_accuracy"] == 1.0
