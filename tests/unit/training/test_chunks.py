"""Work in chunks is done once, continues after a stop, and keeps its order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from training.data import chunks
from training.data.chunks import map_chunks
from training.errors import TrainingError


def double(items: Sequence[int]) -> dict[str, np.ndarray]:
    """Work for the other processes: 13 is refused."""
    if 13 in items:
        raise TrainingError("number 13")
    return {"twice": np.array([2 * item for item in items])}


def _twice(items: Sequence[int], recipe: str = "double, 1") -> list[int]:
    found = map_chunks(double, items, lambda item: b"%d" % item, recipe=recipe, title="numbers")
    return list(found["twice"].tolist())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(chunks, "FOUND_FACES", tmp_path / "faces")
    monkeypatch.setattr(chunks, "CHUNK", 3)
    return tmp_path / "faces"


def test_results_keep_the_order_of_the_items(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _twice(range(8)) == [0, 2, 4, 6, 8, 10, 12, 14]
    assert capsys.readouterr().out.endswith("numbers: looked for faces in 8 of 8\n")


def test_finished_chunks_are_not_computed_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(chunks, "_PROCESSES", 1)
    with pytest.raises(TrainingError, match="number 13"):
        _twice([1, 2, 3, 13])  # the second chunk stops the command
    done = len(list(folder.glob("*/*.npz")))
    computed: list[int] = []

    def counted(items: Sequence[int]) -> dict[str, np.ndarray]:
        computed.extend(items)
        return {"twice": np.array([2 * item for item in items])}

    monkeypatch.setitem(globals(), "double", counted)
    assert _twice([4, 3, 1, 2, 4]) == [8, 6, 2, 4, 8]
    assert done == 1
    assert computed == [4]  # once, and the others in another order
    _twice([5])
    assert capsys.readouterr().out.endswith("numbers: looked for faces in 1 of 1\n")


@pytest.mark.parametrize("change", ["content", "recipe", "damaged", "empty", "other"])
def test_chunk_is_computed_again_when_its_result_may_differ(
    folder: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    _twice([1, 2])
    (file,) = folder.glob("*/*.npz")
    if change == "damaged":
        file.write_bytes(file.read_bytes()[:-20])
    elif change == "empty":
        file.write_bytes(b"")
    elif change == "other":
        np.savez(file, something=np.zeros(2))
    monkeypatch.setitem(globals(), "double", lambda items: {"twice": np.zeros(len(items), int)})
    if change == "content":
        assert _twice([1, 3]) == [2, 0]
    else:
        assert _twice([1, 2], "double, 2" if change == "recipe" else "double, 1") == [0, 0]
    assert _twice([1, 2]) == ([2, 4] if change in ("content", "recipe") else [0, 0])
